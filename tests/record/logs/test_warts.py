"""Logs of other people's programs, each with a wart of its own: read right, or a sentence that says what to type."""

# ruff: noqa: E501  # the lines of a log are as long as they are

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.readers import read_run


def loss(k):
    """The loss of the kth row."""
    return round(4 - k / 50, 4)


def rows(form, count=20, begin=1):
    """So many lines of one form: {k} is their number, {x} the loss, {y} a validation loss."""
    return "".join(form(k, loss(k), loss(k) + 0.5) for k in range(begin, begin + count))


# Name: (text, options, (points, first and last update, first loss, unit))
READ = {
    "timm_summary.csv": (
        "epoch,train_loss,eval_loss,eval_top1,lr\n" + rows(lambda k, x, y: f"{k},{x},{y},50,0.1\n", begin=0),
        {"updates_per_epoch": 10}, (20, 10, 200, 4.5, "update"),
    ),
    "fastai_history.csv": (
        "epoch,train_loss,valid_loss,accuracy,time\n" + rows(lambda k, x, y: f"{k},{x},{y},.5,00:{k:02d}\n", begin=0),
        {"lr": "0.1 * cosine()"}, (20, 1, 20, 4.5, "epoch"),
    ),
    "mmengine_scalars.json": (
        rows(lambda k, x, y: f'{{"lr": 0.1, "loss": {x}, "loss_cls": 1.0, "epoch": {k // 5}, "iter": {50 * k}, "step": {50 * k}}}\n'
             f'{{"coco/bbox_mAP": 0.3, "step": {k // 5}}}\n'),
        {}, (20, 50, 1000, 3.98, "update"),
    ),
    "mmcv.log.json": (
        '{"env_info": "x", "seed": null}\n' + "".join(
            f'{{"mode": "train", "epoch": {e}, "iter": {i}, "lr": 0.1, "loss": 1.0}}\n' for e in range(1, 8) for i in (50, 100)
        ) + "".join(f'{{"mode": "val", "epoch": {e}, "iter": 130, "lr": 0.1, "loss": {loss(e)}}}\n' for e in range(1, 8)),
        {"updates_per_epoch": 130}, (7, 130, 910, 3.98, "update"),
    ),
    "llamafactory.jsonl": (
        rows(lambda k, x, y: f'{{"current_steps": {k * 10}, "total_steps": 300, "loss": {x}, "lr": 5e-05, "epoch": {k / 9:.2f}, '
             '"percentage": 10.0, "elapsed_time": "0:00:10"}\n'),
        {}, (20, 10, 200, 3.98, "update"),
    ),
    "detr_log.txt": (
        rows(lambda k, x, y: f'{{"train_lr": 0.1, "train_loss": {x}, "train_loss_bbox": 1, "test_loss": {y}, '
             f'"test_coco_eval_bbox": [0.1, 0.2], "epoch": {k}, "n_parameters": 41302368}}\n', begin=0),
        {"updates_per_epoch": 5}, (20, 5, 100, 4.5, "update"),
    ),
    "torchtitan.log": (
        rows(lambda k, x, y: f"[rank0]:2024-01-01 00:00:00,1 - root - INFO - \x1b[31mstep: {k * 10:3}  \x1b[32mloss: {x:7.4f}  "
             "\x1b[33mmemory: 10.2GiB(13.1%)  \x1b[34mtps: 5,000  \x1b[35mmfu: 40.1%\x1b[39m\n"),
        {"lr": 1e-3}, (20, 10, 200, 3.98, "update"),
    ),
    "olmo.log": (
        rows(lambda k, x, y: f"2024 INFO [step={k * 10}/1000,epoch=0]\n    train/CrossEntropyLoss={x}\n    train/Perplexity=99.1\n"
             f"    throughput/total_tokens={k * 4194304}\n    optim/learning_rate_group0=0.0001\n"),
        {}, (20, 10, 200, 3.98, "update"),
    ),
    "tqdm_by_epoch.log": (
        "".join("".join(f"\rEpoch {e}: {b}%|██▌  | {b}/100 [00:01<00:03, 30.1it/s, v_num=0, train_loss={loss(e)}]" for b in (50, 100))
                + "\n" for e in range(8)),
        {"lr": 0.1}, (16, 50, 800, 4.0, "update"),
    ),
    "kohya_tqdm.log": (
        rows(lambda k, x, y: f"steps:  {k}%|█  | {k * 10}/1000 [00:30<01:00, 3.2it/s, avr_loss={x}, lr=0.0001]\n"),
        {}, (20, 10, 200, 3.98, "update"),
    ),
    "yolov5_results.csv": (
        "   epoch,  train/box_loss,  train/obj_loss,   val/box_loss,   val/obj_loss,   x/lr0,   x/lr2\n"
        + rows(lambda k, x, y: f"{k:8},   1,   2,   {x:8},   0.5,   0.01,   0.1\n", begin=0),
        {"updates_per_epoch": 10}, (20, 10, 200, 4.5, "update"),
    ),
    "estimator.log": (
        rows(lambda k, x, y: f"INFO:tensorflow:loss = {x}, step = {k * 100} (0.532 sec)\nINFO:tensorflow:global_step/sec: 188.1\n"),
        {"lr": 0.1}, (20, 100, 2000, 3.98, "update"),
    ),
    "caffe.log": (
        rows(lambda k, x, y: f"I0101 1234 solver.cpp:218] Iteration {k * 20} (3.1 iter/s, 6.4s/20 iters), loss = {x}\n"
             f"I0101 1234 sgd_solver.cpp:105] Iteration {k * 20}, lr = 0.01\n"),
        {}, (20, 20, 400, 3.98, "update"),
    ),
    "fairseq_json.log": (
        rows(lambda k, x, y: f'2020 | INFO | train_inner | {{"epoch": 1, "update": {k / 50}, "loss": "{x}", "nll_loss": "3.0", '
             f'"num_updates": "{k * 100}", "lr": "1e-05"}}\n'),
        {}, (20, 100, 2000, 3.98, "update"),
    ),
    "megatron_validation.log": (
        rows(lambda k, x, y: f" iteration {k * 10:8d}/ 1000 | learning rate: 1.5E-04 | lm loss: {x:E} | loss scale: 1.0 |\n"
             f" validation loss at iteration {k * 10} | lm loss value: {y:E} | lm loss PPL: 1.0E+01 | \n"),
        {}, (20, 10, 200, 4.48, "update"),
    ),
    "torchvision.log": (
        "".join(f"Epoch: [{e}]  [{b:3}/391]  eta: 0:01:00  lr: 0.1  img/s: 300.1  loss: {loss(e)} (7.01)  acc1: 1.0 (0.5)\n"
                for e in range(5) for b in range(0, 391, 50)),
        {}, (39, 50, 1914, 4.0, "update"),
    ),
    "thousands.log": (
        rows(lambda k, x, y: f"Step {k * 100:,}/10,000 - loss {x} - lr 1.0e-03\n"), {}, (20, 100, 2000, 3.98, "update"),
    ),
    "by_epoch.log": (
        rows(lambda k, x, y: f"Epoch {k:03d} | Train Loss: {x} | Train Acc: 80.12% | Val. Loss: {y} | Val Acc: 70.1% | LR: 1e-3\n"),
        {}, (20, 1, 20, 4.48, "epoch"),
    ),
    "mnist.log": (
        "".join(f"Train Epoch: {e} [{b * 100}/1000 ({b * 10}%)]\tLoss: {loss(e)}\n" for e in range(1, 5) for b in range(1, 10, 2))
        + "\nTest set: Average loss: 0.0560, Accuracy: 9812/10000 (98%)\n",
        {"lr": 0.1, "updates_per_epoch": 10}, (20, 1, 39, 3.98, "update"),
    ),
    "baselines_progress.csv": (
        "time/iterations,time/total_timesteps,train/loss,train/learning_rate,train/n_updates,rollout/ep_rew_mean\n"
        + rows(lambda k, x, y: f"{k},{k * 2048},{x},0.0003,{k * 10},5\n"),
        {}, (20, 10, 200, 3.98, "update"),
    ),
    "spreadsheet.csv": (
        "sep=;\nstep;loss;lr\n" + rows(lambda k, x, y: f"{k};{x};0.1\n"), {}, (20, 1, 20, 3.98, "update"),
    ),
    "pandas_history.csv": (
        ",loss,val_loss,lr\n" + rows(lambda k, x, y: f"{k},{x},{y},0.1\n", begin=0),
        {"updates_per_epoch": 10}, (20, 10, 200, 4.5, "update"),
    ),
    "decimal_commas.csv": (
        "step;lr;loss\n" + rows(lambda k, x, y: f"{k};0,1;{x:g}\n".replace(".", ",")), {}, (20, 1, 20, 3.98, "update"),
    ),
    "decimal_commas_in_quotes.csv": (
        "step,lr,loss\n" + rows(lambda k, x, y: f'{k},"0.1","{x}"\n'.replace(".", ",")), {}, (20, 1, 20, 3.98, "update"),
    ),
    "dots_between_thousands.csv": (
        "step\tlr\tloss\n" + rows(lambda k, x, y: f"{k * 100:,}\t0.1\t{x}\n".translate(str.maketrans(",.", ".,"))),
        {}, (20, 100, 2000, 3.98, "update"),
    ),
    "points_beside_decimal_commas.csv": (
        "step;lr;loss\n" + rows(lambda k, x, y: f"{k * 100:,};0,1;{x:.3f}\n".replace(",", ".").replace("0.1;", "0,1;")),
        {}, (20, 100, 2000, 3.98, "update"),
    ),
    "all_with_three_decimals.csv": (
        "step;loss\n" + rows(lambda k, x, y: f"{k};{x:.3f}\n".replace(".", ",")), {"lr": 0.1}, (20, 1, 20, 3.98, "update"),
    ),
    "all_in_thousands.csv": (
        "step;loss\n" + rows(lambda k, x, y: f"{k * 1000:,};{x * 1000:,.0f}\n"), {"lr": 0.1},
        (20, 1000, 20000, 3980, "update"),
    ),
    "a_thousand_and_more.csv": (
        "step;loss;lr\n" + rows(lambda k, x, y: f"{k};{f'{x * 500:,.1f}'.translate(str.maketrans(',.', '.,'))};0,1\n"
                                .replace("1.500,0", "1.500")),
        {}, (20, 1, 20, 1990, "update"),
    ),
    "commas_between_thousands.csv": (
        "step,lr,loss\n" + rows(lambda k, x, y: f'"{k * 100:,}",0.1,{x}\n'), {}, (20, 100, 2000, 3.98, "update"),
    ),
    "remarks_first.csv": (
        "# run 3, seed 1\n# 8 GPUs\nstep,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n"),
        {}, (20, 1, 20, 3.98, "update"),
    ),
    "last_lr.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},tensor({x}),[0.1]\n"), {}, (20, 1, 20, 3.98, "update"),
    ),
    "last_lr.jsonl": (
        rows(lambda k, x, y: f'{{"step": {k}, "loss": {x}, "lr": [0.1]}}\n'), {}, (20, 1, 20, 3.98, "update"),
    ),
    "evaluated_by_epoch.jsonl": (
        rows(lambda k, x, y: f'{{"step": {k * 10}, "loss": {x}, "lr": 0.1}}\n{{"epoch": {k}, "val_loss": {y}}}\n'),
        {}, (20, 10, 200, 4.48, "update"),
    ),
}  # fmt: skip

# Name: (text, options, the sentence)
SENTENCES = {
    "two_runs.csv": ('"Step","a - loss","b - loss"\n' + rows(lambda k, x, y: f'"{k}","{x}","{y}"\n'), {}, "several runs"),
    "seeds.csv": (
        "seed,step,loss,lr\n" + rows(lambda k, x, y: f"0,{k},{x},0.1\n") + rows(lambda k, x, y: f"1,{k},{x},0.1\n"), {},
        "several runs in one table",
    ),
    "gan.csv": ("iter,d_loss,g_loss,lr\n" + rows(lambda k, x, y: f"{k},{x},{y},0.1\n"), {}, "none is the whole"),
    "decimal_commas.txt": (rows(lambda k, x, y: f"step {k}: loss {x + 1e-5}, lr 0.1\n".replace(".", ",")), {}, "no rows"),
    "rounded_losses.csv": (
        "step,lr,loss\n" + rows(lambda k, x, y: f"{k},0.1,{x if k % 5 else 3} +- 0.1\n".replace("3 +- 0.1", "3")), {},
        "more than numbers",
    ),
    "batches_within_epochs.csv": (
        "batch,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n") * 3, {},
        "batch runs from 1 to 20 3 times",
    ),
    "scaled_rates.csv": ("step,loss,lr (x1e-3)\n" + rows(lambda k, x, y: f"{k},{x},0.1\n"), {}, "says a unit"),
    "interleaved_runs.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n{k},{y},0.2\n"), {}, "different LRs",
    ),
    "models.csv": (
        "model,step,loss,lr\n" + rows(lambda k, x, y: f"a,{k},{x},0.1\n") + rows(lambda k, x, y: f"b,{k},{x},0.1\n"), {},
        "several runs in one table",
    ),
    "rates_in_percent.csv": ("step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1%\n"), {}, "lr holds no number"),
    "thousands_of_steps.csv": ("step,loss,lr\n" + rows(lambda k, x, y: f"{k}k,{x},0.1\n"), {}, "step holds no number"),
    "times_a_thousand.csv": ("step,loss,lr_x1000\n" + rows(lambda k, x, y: f"{k},{x},0.1\n"), {}, "says a unit"),
    "logarithms_of_rates.csv": ("step,loss,-log10_lr\n" + rows(lambda k, x, y: f"{k},{x},3.1\n"), {}, "says a unit"),
    "spaces_between_thousands.csv": (
        "step;loss;lr\n" + rows(lambda k, x, y: f"{k * 200:,};{x};0.1\n".replace(",", "\N{NO-BREAK SPACE}")), {},
        "more than numbers",
    ),
    "no_header.csv": (rows(lambda k, x, y: f"{k}.0,163302480{k % 10},{x}\n"), {"lr": 0.1}, "no rows with a step"),
    "xgboost.log": (rows(lambda k, x, y: f"[{k}]\ttrain-rmse:{x}\teval-rmse:{y}\n"), {"lr": 0.1}, "no rows with a step"),
    "tokens.csv": ("step,loss,lr\n" + rows(lambda k, x, y: f"{k * 500000000},{x},0.1\n"), {}, "does step count tokens"),
    "consumed.csv": ("consumed_samples,loss,lr\n" + rows(lambda k, x, y: f"{k * 512},{x},0.1\n"), {}, "samples_per_update=256"),
    "micro.jsonl": (rows(lambda k, x, y: f'{{"micro_step": {k}, "loss": {x}, "lr": 0.1}}\n'), {}, "accumulate=4"),
    "parts_of_epochs.csv": ("epoch,loss,lr\n" + rows(lambda k, x, y: f"{k / 8},{x},0.1\n"), {}, "updates_per_epoch=391"),
    "scores.csv": ("step,accuracy,lr\n" + rows(lambda k, x, y: f"{k},0.5,0.1\n"), {}, "no loss column"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_wart_is_read(tmp_path, name):
    """The right loss at the right updates."""
    text, options, expected = READ[name]
    (tmp_path / name).write_text(text, newline="")
    run = read_run(tmp_path / name, **options)
    found = (len(run.loss), run.updates[0], run.updates[-1], pytest.approx(run.loss[0], rel=1e-6), run.unit)
    assert found == expected


# Name: (text, the note)
NOTES = {
    "rates_at_first.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},{0.1 if k < 10 else ''}\n"),
        "the LR after update 9 is not in the log; taken as 0.1",
    ),
    "rounded_rates.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},{0.001 if k < 10 else 0.0}\n"), "rounded when it was logged",
    ),
    "before_the_start.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n", begin=-3), "3 points before update 0 were left out",
    ),
    "two_runs_in_turn.csv": (
        "step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n") + rows(lambda k, x, y: f"{k},{y},0.2\n"),
        "begun anew, or another run",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_a_wart_is_noted(tmp_path, name):
    """What was done with it; the same log without it has no such note."""
    text, note = NOTES[name]
    (tmp_path / name).write_text(text)
    assert any(note in said for said in read_run(tmp_path / name).notes)
    (tmp_path / name).write_text("step,loss,lr\n" + rows(lambda k, x, y: f"{k},{x},0.1\n"))
    assert not any(note in said for said in read_run(tmp_path / name).notes)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_wart_is_a_sentence(tmp_path, name):
    """It says what stands there, and what to type."""
    text, options, sentence = SENTENCES[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(LrlabError, match=sentence):
        read_run(tmp_path / name, **options)
