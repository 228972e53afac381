"""Which way a metric is better: what its name says, and that no default turns it round."""

import pytest

import lrlab as lr
from lrlab.adapters.hearing import feed
from lrlab.core.feedback.direction import contradicted, normal, told
from lrlab.errors import LrlabError

LESS = """
    loss val_loss train/loss valLoss eval_loss mse val_rmse top1_error top5Err wer CER perplexity val_ppl bpb nll FID
    cross_entropy binary_crossentropy dice_loss iou_loss mean_absolute_error kl_divergence log_loss val_output_1_loss
"""
MORE = """
    acc val_acc valacc valAcc train_accuracy sparse_categorical_accuracy acc1 acc@5 top1 top-5 f1 val_f1 macro_f1
    F1Score macroF1 f1-score auc roc_auc AUROC val_prc_auc r2 R2 bleu sacreBLEU rougeL map mAP mAP50
    metrics/mAP50-95(B) AP75 bbox_mAP iou mIoU valIoU dice precision recall@10 reward episode_return psnr ssim score
    ndcg@5 hits@10 pass@1 exact_match win_rate pearson_corr cosine_similarity elo success_rate log_likelihood
    neg_mean_squared_error negative_loss one_minus_error loss_reduction
"""
OPEN = "q va metric val monitor x1 norm temperature frequency glossary perror maple"


@pytest.mark.parametrize(("names", "way"), [(LESS, "min"), (MORE, "max"), (OPEN, None)])
def test_a_name_says_which_way_or_leaves_it_open(names, way):
    assert {name: told(name) for name in names.split()} == dict.fromkeys(names.split(), way)


@pytest.mark.parametrize("metric", MORE.split())
@pytest.mark.parametrize("kind", ["plateau", "greedy"])
def test_a_metric_of_which_more_is_better_is_never_taken_for_a_loss(kind, metric):
    """The LR would be cut while an accuracy rises. What is said is obeyed, and read back."""
    make = getattr(lr, kind)
    with pytest.raises(LrlabError, match=r'(?s)is lower or higher better.*mode="max"'):
        make(metric=metric)
    for mode in ("min", "max"):
        said = make(metric=metric, mode=mode)
        assert (said.mode, lr.parse(str(said)), lr.loads(lr.dumps(said))) == (mode, said, said)


@pytest.mark.parametrize("metric", [*LESS.split(), *OPEN.split(), None])
def test_less_is_better_where_nothing_speaks_against_it(metric):
    """And to say so is no other schedule."""
    assert lr.plateau(metric=metric) == lr.plateau(metric=metric, mode="min") != lr.plateau(metric=metric, mode="max")
    assert normal(metric, "min") is None


@pytest.mark.parametrize("make", ["plateau(metric='val_acc')", "cosine() * greedy(metric='f1')", "guard(metric='acc')"])
def test_the_text_form_is_refused_as_well(make):
    with pytest.raises(LrlabError):
        lr.parse(make)


def test_a_guard_is_for_a_loss():
    with pytest.raises(LrlabError, match=r'(?s)guard watches a loss.*metric="train_loss"'):
        lr.guard(metric="val_accuracy")
    assert lr.guard(metric="train_loss").metric == "train_loss"


def test_a_trainers_monitor_is_not_taken_the_wrong_way_round():
    """`Observe("eval_accuracy")` feeds a controller that names no metric: it is asked as if it named that one."""
    scheduler = type("Scheduler", (), {"pacer": lr.Pacer((lr.cosine() * lr.plateau()).over(10))})
    with pytest.raises(LrlabError, match=r'plateau\(metric="eval_accuracy", mode="max"\)'):
        feed(scheduler, "eval_accuracy", {"eval_accuracy": 0.5})


def test_what_is_proposed_is_right():
    pacer = lr.Pacer((lr.cosine() * lr.plateau()).over(10))
    with pytest.raises(LrlabError, match=r'plateau\(metric="val_acc", mode="max"\)'):
        pacer.observe(val_acc=0.5)


SURE = "accuracy val_acc valAcc train_accuracy top1_accuracy f1 macro_f1 F1Score auc roc_auc r2 bleu mIoU dice reward"
DOUBTFUL = """
    neg_loss one_minus_error loss_reduction accuracy_gap acc_std accuracy_drop 1-accuracy_error top5 score brier_score
    return match gain map false_precision inverse_f1 q
"""


@pytest.mark.parametrize(
    ("names", "mode", "said"),
    [
        (SURE, "min", True),
        (SURE, "max", False),
        (LESS, "max", True),
        (LESS, "min", False),
        (DOUBTFUL, "min", False),
        (DOUBTFUL, "max", False),
        (OPEN, "max", False),
        (OPEN, "min", False),
    ],
)
def test_a_mode_that_the_name_contradicts(names, mode, said):
    """Only beyond doubt: whoever means it must not be told again and again."""
    assert {name: bool(contradicted(name, mode)) for name in names.split()} == dict.fromkeys(names.split(), said)


@pytest.mark.parametrize(
    ("door", "metric", "mode"),
    [
        (lambda metric, mode: lr.plateau(metric=metric, mode=mode), "accuracy_a", "min"),
        (lambda metric, mode: lr.greedy(metric=metric, mode=mode), "accuracy_b", "min"),
        (lambda metric, mode: lr.parse(f'plateau(metric="{metric}", mode="{mode}")'), "loss_c", "max"),
        (lambda metric, mode: lr.task(metric=metric, mode=mode)(lambda run: None), "accuracy_d", "min"),
        (lambda metric, mode: lr.task(metric=metric, mode=mode)(lambda run: None), "loss_e", "max"),
        (
            lambda metric, mode: feed(
                type("Scheduler", (), {"pacer": lr.Pacer((lr.cosine() * lr.plateau(mode=mode)).over(10))}), metric, {}
            ),
            "loss_f",
            "max",
        ),
    ],
)
def test_every_door_says_it_once(door, metric, mode, caplog):
    """A task would call the worst strategy the best; a controller would cut while all is well."""
    for _ in range(2):
        door(metric, mode)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{metric} is better when")
    assert f'mode="{mode}" takes' in record.getMessage()
