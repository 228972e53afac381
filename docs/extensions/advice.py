"""What `lrlab advise` rests on, as tables: made from the rules, so that the pages say what the command says.

    ```{advice} sayings
    :language: zh
    ```

`sayings` is what articles tell, each with its verdict; `rules` is what is known, each with its grade; `changes` are the
answers that change the advice. The Chinese words for headings, verdicts and grades are below.
"""

from __future__ import annotations

import re

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lrlab.analysis.advice.questions import QUESTIONS, Answers
from lrlab.analysis.advice.rules import number, rules, source
from lrlab.analysis.advice.weigh import decide

LINKS = (
    (r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)"),
    (r"(?<!/)github\.com/([\w.-]+/[\w.-]+)", r"[\1](https://github.com/\1)"),
)
EVIDENCE = "[stored comparisons](../evidence.md)"  # from howto/ and from zh/
HEADS = {
    "sayings": (("about", "articles say", "verdict", "because"), ("关于", "文章的说法", "结论", "理由")),
    "rules": (
        ("grade", "what is known", "number", "condition and source"),
        ("等级", "已知的事实", "数字", "条件与出处（英文）"),
    ),
    "changes": (("if", "to begin with", "besides"), ("如果", "起点", "另外还要（英文）")),
}
ZH = {
    "supported": "有支持",
    "partly contradicted": "部分被否定",
    "contradicted": "被否定",
    "not shown": "没有证据",
    "measured": "实测",
    "literature": "文献",
    "data": "数据量",
    "model": "模型",
    "task": "任务",
    "sensitivity": "敏感度",
    "validation": "验证损失",
    "summary": "总表",
    "strategy": "策略",
    "small": "少",
    "medium": "中等",
    "large": "多",
    "simple": "简单",
    "deep": "深",
    "pretrained": "预训练",
    "classification": "分类",
    "regression": "回归",
    "time series": "时间序列",
    "sensitive": "敏感",
    "insensitive": "不敏感",
    "fluctuating": "波动",
    "smooth": "平稳",
    "small data, quick training": "数据少、训练快",
    "large data, long training": "数据多、训练长",
    "fine-tuning": "微调",
    "simple model": "简单模型",
    "deep, complex model": "深而复杂的模型",
    "time series or language": "时间序列或语言",
    "strongly fluctuating validation loss": "验证损失剧烈波动",
    "fixed": "固定",
    "step": "阶梯",
    "piecewise constant, multistep": "分段常数、多步",
    "exponential": "指数",
    "cosine": "余弦",
    "restarts": "热重启",
    "warmup": "预热",
    "plateau": "plateau",
    "plateau, its faults": "plateau 的缺点",
    "cyclical": "循环",
    "one-cycle": "单周期",
    "momentum, AdaGrad, RMSProp, Adam": "动量、AdaGrad、RMSProp、Adam",
    "all: cross-validation": "全部：交叉验证",
    "all: plateau with step or cosine": "全部：plateau 与阶梯或余弦结合",
    "it will be fine-tuned": "之后还要微调",
    "it is not known when the training ends": "不知道何时结束",
    "little data, or few epochs": "数据少，或只训练几轮",
    "a pretrained model, to be fine-tuned": "微调预训练模型",
    "checkpoints are kept on the way": "途中保存检查点",
    "the next token": "语言：预测下一个词",
    "the optimizer needs no schedule": "优化器不需要调度",
    "nothing else is known": "其他都不知道",
    "and": "，并且",
}
# Beside each single answer, two at once that change the advice.
CASES = (
    {},
    *({question.name: word} for question in QUESTIONS for word in question.answers),
    {"optimizer": "schedule-free"},
    {"model": "pretrained", "data": "small"},
)


def table(kind: str, chinese: bool) -> str:
    """One of the tables, as Markdown."""
    rows = {"sayings": _sayings, "rules": _rules, "changes": _changes}[kind](chinese)
    heads = HEADS[kind][chinese]
    lines = ["| " + " | ".join(row) + " |" for row in (heads, ("---",) * len(heads), *rows)]
    return "\n".join(lines)


def _word(text: str, chinese: bool) -> str:
    return ZH[text] if chinese else text


def _sayings(chinese: bool) -> list[tuple[str, ...]]:
    return [
        (
            f"{_word(each.heading, chinese)}: {_word(each.subject, chinese)}".replace(": ", "：" if chinese else ": "),
            each.zh if chinese else each.says,
            f"**{_word(each.verdict, chinese)}**",
            each.because_zh if chinese else each.because,
        )
        for each in rules().saying
    ]


def _rules(chinese: bool) -> list[tuple[str, ...]]:
    known = sorted(rules().rule, key=lambda rule: rule.grade != "measured")
    return [
        (
            _word(rule.grade, chinese),
            rule.zh if chinese else rule.says,
            _plain(number(rule)),
            _plain(f"{rule.condition}; {source(rule)}").replace("stored comparisons", EVIDENCE),
        )
        for rule in known
    ]


def _changes(chinese: bool) -> list[tuple[str, ...]]:
    """The case of which nothing is known, and every one of which something else follows."""
    words = {question.name: question.answers for question in QUESTIONS}
    words["optimizer"] = {"schedule-free": "the optimizer needs no schedule"}
    first = decide(rules(), Answers()).ranking[0].name
    rows = []
    for case in CASES:
        found = decide(rules(), Answers(**case)).ranking[0]
        if not case or found.name != first:
            said = [_word(words[name][word], chinese) for name, word in case.items()]
            joined = (_word("and", True) if chinese else " and ").join(said) or _word("nothing else is known", chinese)
            rows.append((joined, f"`{found.strategy.text}`", found.strategy.beside))
    return rows


def _plain(text: str) -> str:
    """Signs that Markdown would take for its own, and addresses as links."""
    text = re.sub(r"([*_|\[\]])", r"\\\1", text)
    for found, link in LINKS:
        text = re.sub(found, link, text)
    return text


class Advice(SphinxDirective):
    """`{advice}`: a table made from the rules."""

    required_arguments = 1
    option_spec = {"language": lambda given: directives.choice(given, ("en", "zh"))}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        text = table(self.arguments[0], self.options.get("language") == "zh")
        here = nodes.container()
        self.state.nested_parse(StringList(text.split("\n"), self.get_location()), 0, here)
        return here.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("advice", Advice)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
