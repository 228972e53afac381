"""Four strategies on a training of one's own in PyTorch: what they share is trained once, the results are the same.

python examples/compare_pytorch.py
"""

import torch

import lrlab as lr

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(480, 10, generator=GENERATOR)
Y = torch.sin(X.sum(1, keepdim=True)) + 0.1 * torch.randn(480, 1, generator=GENERATOR)


@lr.task(metric="val_loss", updates=120, folds=3, lrs=(1.0,), evals=6)
def train(run):
    """Three lines are for the lab: run.track, run.steps, and run.report where run.eval_now."""
    held_out = torch.arange(480) % run.folds == run.fold
    x, y = X[~held_out], Y[~held_out]
    model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    run.track(model=model, optimizer=optimizer)
    for _, batch in run.steps(run.batches(len(x), 32)):
        loss = torch.nn.functional.mse_loss(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(loss=loss)
        if run.eval_now:
            with torch.no_grad():
                run.report(val_loss=torch.nn.functional.mse_loss(model(X[held_out]), Y[held_out]))


if __name__ == "__main__":
    schedules = {
        "constant": lr.constant(),
        "late decay": lr.wsd(warmup=0, decay="20%"),
        "early decay": lr.wsd(warmup=0, decay="60%"),
        "steps": lr.multistep(["40%", "80%"], gamma=0.1),
    }
    study = lr.compare(train, schedules, store="runs", workers=1)
    print(study.plan())
    print(study.run(quiet=True))
    print(f"{len(study.runs)} runs of {study.experiment.settings.updates} updates are in runs")
