"""The Chinese pages are Chinese around their text, too: what the theme says, the navigation, and the search."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

# What the theme says on every page; what is not here stays as it is.
SAID = {
    "Search": "搜索",
    "Next": "下一页",
    "Previous": "上一页",
    "Home": "首页",
    "On this page": "本页内容",
    "Back to top": "回到顶部",
    "Index": "索引",
    "Copyright": "版权",
    "Copyright &#169; %(copyright)s": "版权所有 &#169; %(copyright)s",
}
CAPTIONS = {
    "Begin": "入门（英文）",
    "How to": "操作指南（英文）",
    "In depth": "深入了解（英文）",
    "The project": "关于本项目（英文）",
    "中文": "中文手册",
}
CAPTION = re.compile(r'(?=<p class="caption")')
HAN = "\u4e00-\u9fff"


def pairs(text: str) -> list[str]:
    """The words of a text; of Chinese, which has no spaces, every two characters that follow each other.

    >>> pairs("用 cosine 余弦退火")
    ['用', 'cosine', '余弦', '弦退', '退火']
    """
    found = []
    for run in re.findall(rf"[{HAN}]+|(?:(?![{HAN}])\w)+", text):
        chinese = len(run) > 2 and re.match(f"[{HAN}]", run)
        found += [run[i : i + 2] for i in range(len(run) - 1)] if chinese else [run]
    return found


class English(SearchEnglish):
    """The search of the handbook: English words by their stems, Chinese ones by pairs of characters."""

    js_splitter_code = rf"""
var splitQuery = (query) => query
  .split(/[^\p{{Letter}}\p{{Number}}_\p{{Emoji_Presentation}}]+/u)
  .flatMap((word) => word.match(/[{HAN}]+|[^{HAN}]+/gu) || [])
  .flatMap((run) => (/^[{HAN}]{{3,}}$/u.test(run) ? [...run].slice(1).map((c, i) => run[i] + c) : [run]));
"""

    def split(self, text: str) -> list[str]:
        return pairs(text)


def navigation(tree: str) -> str:
    """The navigation as a Chinese reader needs it: the Chinese pages first, the others under Chinese captions."""
    before, *parts = CAPTION.split(tree)
    for caption, said in CAPTIONS.items():
        parts = [part.replace(f">{caption}</span>", f">{said}</span>", 1) for part in parts]
    parts.sort(key=lambda part: CAPTIONS["中文"] not in part)
    return before + "".join(parts)


def in_chinese(app: Sphinx, page: str, template: str, context: dict[str, object], tree: object) -> None:
    """Around a Chinese page: its language, for fonts and for those who read it by ear, the theme, the navigation."""
    if not page.startswith("zh/"):
        return
    context["language"] = "zh-CN"
    context["_"] = context["gettext"] = lambda text: SAID.get(text, text)
    if page == "zh/index":
        context["prev"] = None  # the page before it in the list is an English one
    context["furo_navigation_tree"] = navigation(str(context["furo_navigation_tree"]))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_search_language(English)
    app.connect("html-page-context", in_chinese, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
