"""Loops in PyTorch from practice: vision, language, reinforcement learning, generative models, few-shot learning."""

import copy
import dataclasses
import math
import random
from collections import deque

import numpy as np
import torch
from common import X, Y, draw, evaluate, loader, loss_of, net, task
from torch import nn
from torch.nn import functional

LABELS = (Y[:, 0] > 0).long()
SETTINGS = {"clip": 1.0, "smoothing": 0.1}


def update(opt, loss):
    opt.zero_grad()
    loss.backward()
    opt.step()


@task("equal")
def half_precision_and_clipping(run):
    model = net()
    opt = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(loader(drop_last=True)):
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(model, x, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["clip"])
        opt.step()
        run.log(loss=loss)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def layers_thaw_one_by_one(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    run.track(model, opt)
    layers = [model[3], model[0]]
    for each in layers[1:]:
        each.requires_grad_(False)
    for step, (x, y) in run.steps(draw()):
        for each in layers[: 1 + step // 8]:
            each.requires_grad_(True)
        update(opt, loss_of(model, x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def a_curriculum_by_the_update(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    order = Y[:, 0].abs().argsort()
    for step, batch in run.steps(run.batches(64, 8)):
        easy = order[: 16 + 2 * step]
        rows = easy[torch.as_tensor(batch) % len(easy)]
        update(opt, loss_of(model, X[rows], Y[rows]))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "level")
def a_curriculum_by_the_loss(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    level = 16
    for _ in run.steps(draw()):
        rows = torch.randint(level, (8,))
        loss = loss_of(model, X[rows], Y[rows])
        update(opt, loss)
        if loss.item() < 0.5:
            level = min(64, level + 4)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def a_weighted_sampler(run):
    generator = torch.Generator().manual_seed(run.seed)
    sampler = torch.utils.data.WeightedRandomSampler(Y[:, 0].abs() + 0.1, 64, generator=generator)
    model = net()
    opt = torch.optim.RMSprop(model.parameters(), lr=0.01)
    run.track(model, opt)
    for _, (x, y) in run.steps(loader(sampler=sampler, shuffle=None)):
        update(opt, loss_of(model, x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Buckets:
    """Batches of rows that are alike, in an order that Python's random numbers give."""

    def __len__(self):
        return 4

    def __iter__(self):
        buckets = [chunk.tolist() for chunk in Y[:, 0].argsort().chunk(4)]
        random.shuffle(buckets)
        yield from buckets


@task("equal")
def a_sampler_of_ones_own(run):
    model = net()
    opt = torch.optim.Adagrad(model.parameters(), lr=0.1)
    run.track(model, opt)
    data = torch.utils.data.TensorDataset(X, Y)
    for _, (x, y) in run.steps(torch.utils.data.DataLoader(data, batch_sampler=Buckets())):
        update(opt, loss_of(model, x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Augmented(torch.utils.data.Dataset):
    """Noise by three libraries."""

    def __len__(self):
        return len(X)

    def __getitem__(self, k):
        sign = 1 if random.random() < 0.5 else -1
        return sign * X[k] + np.float32(0.1 * np.random.normal()) + 0.1 * torch.randn(4), sign * Y[k]


@task("equal")
def augmented_by_three_libraries(run):
    model = net()
    opt = torch.optim.NAdam(model.parameters(), lr=0.01)
    run.track(model, opt)
    for _, (x, y) in run.steps(torch.utils.data.DataLoader(Augmented(), 16, shuffle=True)):
        update(opt, loss_of(model, x.float(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def mixed_up_with_smooth_labels(run):
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    criterion = nn.CrossEntropyLoss(label_smoothing=SETTINGS["smoothing"])
    run.track(model, opt)
    for _, batch in run.steps(run.batches(64, 16)):
        model.train()
        share, other = np.random.beta(0.4, 0.4), torch.randperm(16)
        x, y = X[batch], LABELS[batch]
        out = model(share * x + (1 - share) * x[other])
        update(opt, share * criterion(out, y) + (1 - share) * criterion(out, y[other]))
        if run.eval_now:
            model.eval()
            with torch.no_grad():
                run.report(val_loss=functional.cross_entropy(model(X), LABELS))


class Walk:
    """A small environment with random numbers of its own."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.where, self.steps = np.zeros(4, np.float32), 0

    def step(self, action):
        self.where = 0.9 * self.where + 0.1 * self.rng.normal(size=4).astype(np.float32) + (0.1 if action else -0.1)
        self.steps += 1
        return self.where.copy(), -float(np.abs(self.where).sum())


class Replay:
    def __init__(self, size):
        self.items = deque(maxlen=size)

    def add(self, *item):
        self.items.append(item)

    def sample(self, count):
        states, actions, rewards, after = zip(*random.choices(self.items, k=count), strict=True)
        return (
            torch.tensor(np.stack(states)),
            torch.tensor(actions),
            torch.tensor(rewards),
            torch.tensor(np.stack(after)),
        )


def q_learning(run, tracks):
    env, memory = Walk(run.seed), Replay(100)
    q = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    target = copy.deepcopy(q)
    opt = torch.optim.Adam(q.parameters(), lr=0.01)
    run.track(q=q, target=target, opt=opt, **({"env": env, "memory": memory} if tracks else {}))
    for step, _ in run.steps([0]):
        for _ in range(4):
            state = env.where.copy()
            explores = random.random() < 0.5
            action = random.randrange(2) if explores else int(q(torch.tensor(state)).argmax())
            after, reward = env.step(action)
            memory.add(state, action, reward, after)
        states, actions, rewards, after = memory.sample(8)
        with torch.no_grad():
            goal = rewards + 0.9 * target(after).max(1).values
        update(opt, functional.mse_loss(q(states).gather(1, actions[:, None])[:, 0], goal))
        if step % 5 == 4:
            target.load_state_dict(q.state_dict())
        if run.eval_now:
            with torch.no_grad():
                run.report(val_loss=-q(X).max(1).values.mean())


@task("equal")
def q_learning_with_all_tracked(run):
    q_learning(run, True)


@task("alone", "env.where")
def q_learning_that_forgets_the_environment(run):
    q_learning(run, False)


@task("equal")
def a_gan(run):
    make, judge = nn.Linear(2, 4), nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    one = torch.optim.Adam(make.parameters(), lr=0.01, betas=(0.5, 0.9))
    two = torch.optim.Adam(judge.parameters(), lr=0.02, betas=(0.5, 0.9))
    run.track(make=make, judge=judge, one=one, two=two)
    for _, (x, _) in run.steps(draw()):
        fake = make(torch.randn(8, 2))
        update(two, functional.softplus(-judge(x)).mean() + functional.softplus(judge(fake.detach())).mean())
        update(one, functional.softplus(-judge(fake)).mean())
        if run.eval_now:
            run.report(val_loss=(make(torch.zeros(1, 2)) - X.mean(0)).square().mean())


@task("equal")
def a_variational_autoencoder(run):
    """Annealed by the update."""
    model = nn.ModuleDict({"encoder": nn.Linear(4, 4), "decoder": nn.Linear(2, 4)})
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    run.track(model, opt)
    for step, (x, _) in run.steps(draw()):
        mean, log = model["encoder"](x).chunk(2, 1)
        z = mean + torch.randn_like(mean) * (0.5 * log).exp()
        divergence = -0.5 * (1 + log - mean**2 - log.exp()).sum(1).mean()
        update(opt, functional.mse_loss(model["decoder"](z), x) + min(1.0, step / 10) * 0.1 * divergence)
        if run.eval_now:
            run.report(val_loss=functional.mse_loss(model["decoder"](model["encoder"](X)[:, :2]), X))


class Queue(nn.Module):
    """A memory of keys that goes round, as for momentum contrast."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(4, 4), nn.Linear(4, 4)
        self.key.load_state_dict(self.query.state_dict())
        self.register_buffer("keys", functional.normalize(torch.randn(16, 4), dim=1))
        self.at = 0

    def forward(self, x):
        with torch.no_grad():
            for mine, other in zip(self.key.parameters(), self.query.parameters(), strict=True):
                mine.mul_(0.9).add_(other, alpha=0.1)
            keys = functional.normalize(self.key(x + 0.1 * torch.randn_like(x)), dim=1)
        queries = functional.normalize(self.query(x), dim=1)
        logits = torch.cat([(queries * keys).sum(1, keepdim=True), queries @ self.keys.clone().T], 1) / 0.2
        self.keys[self.at : self.at + 8] = keys
        self.at = (self.at + 8) % 16
        return functional.cross_entropy(logits, torch.zeros(len(x), dtype=torch.long))


@task("equal")
def momentum_contrast(run):
    model = Queue()
    opt = torch.optim.SGD(model.query.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, _) in run.steps(draw()):
        loss = model(x)
        update(opt, loss)
        if run.eval_now:
            run.report(val_loss=loss)


@task("equal")
def micro_batches(run):
    model = net()
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):
        opt.zero_grad()
        for some, goal in zip(x.chunk(4), y.chunk(4), strict=True):
            (loss_of(model, some, goal) / 4).backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


TEXT = torch.tensor([ord(c) % 16 for c in "the quick brown fox jumps over the lazy dog " * 8])


def get_batch():
    at = torch.randint(len(TEXT) - 9, (8,))
    return torch.stack([TEXT[i : i + 8] for i in at]), torch.stack([TEXT[i + 1 : i + 9] for i in at])


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(16, 8), nn.Embedding(8, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True, norm_first=True)
        self.head = nn.Linear(8, 16, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.block(self.embed(x) + self.place(torch.arange(x.shape[1])), mask, is_causal=True))


@task("equal", updates=12)
def a_language_model(run):
    """Tied weights, groups with and without decay, batches drawn in the loop."""
    model = Language()
    thick = [weight for weight in model.parameters() if weight.dim() > 1]
    thin = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [{"params": thick, "weight_decay": 0.1}, {"params": thin, "weight_decay": 0.0, "lr": 0.02}]
    opt = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95))
    run.track(model=model, opt=opt)
    for _ in run.steps([None]):
        x, y = get_batch()
        loss = functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        update(opt, loss)
        if run.eval_now:
            model.eval()
            with torch.no_grad():
                run.report(val_loss=functional.cross_entropy(model(TEXT[None, :8])[0], TEXT[1:9]))
            model.train()


@task("equal")
def norms_that_are_computed(run):
    """Spectral norm and weight norm, as parametrizations."""
    model = nn.Sequential(
        nn.utils.parametrizations.spectral_norm(nn.Linear(4, 8)),
        nn.Tanh(),
        nn.utils.parametrizations.weight_norm(nn.Linear(8, 1)),
    )
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):
        update(opt, loss_of(model, x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = net(16)

    def forward(self, x):
        return self.body(x)


@task("equal")
def distilled_from_a_teacher(run):
    """The teacher is not trained, and not tracked."""
    teacher, model = Teacher().eval(), net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):
        with torch.no_grad():
            goal = teacher(x)
        update(opt, loss_of(model, x, y) + 0.5 * loss_of(model, x, goal))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def learning_to_learn(run):
    """An inner step by hand, the outer one through it."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):
        weights = dict(model.named_parameters())
        inner = functional.mse_loss(torch.func.functional_call(model, weights, x[:4]), y[:4])
        slopes = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
        fast = {name: weight - 0.1 * slope for (name, weight), slope in zip(weights.items(), slopes, strict=True)}
        update(opt, functional.mse_loss(torch.func.functional_call(model, fast, x[4:]), y[4:]))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def slow_weights_by_hand(run):
    """Lookahead in five lines, its weights tracked as a dictionary of tensors."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.2)
    slow = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    run.track(model=model, opt=opt, slow=slow)
    for step, (x, y) in run.steps(draw()):
        update(opt, loss_of(model, x, y))
        if step % 5 == 4:
            with torch.no_grad():
                for name, weight in model.named_parameters():
                    slow[name] += 0.5 * (weight - slow[name])
                    weight.copy_(slow[name])
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Sharpness(torch.optim.Optimizer):
    """Sharpness-aware minimisation around another optimizer: two gradients for each update."""

    def __init__(self, params, radius=0.05, **options):
        super().__init__(params, {"radius": radius, **options})
        self.base = torch.optim.SGD(self.param_groups, **options)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def step(self, closure):
        weights = [weight for group in self.param_groups for weight in group["params"]]
        scale = self.param_groups[0]["radius"] / torch.stack([weight.grad.norm() for weight in weights]).norm()
        for weight in weights:
            self.state[weight]["moved"] = weight.grad * scale
            weight.add_(self.state[weight]["moved"])
        with torch.enable_grad():
            closure()
        for weight in weights:
            weight.sub_(self.state[weight]["moved"])
        self.base.step()


@task("alone", "opt.base")
def sharpness_aware(run):
    """To load its state parts its groups from those of the optimizer within it."""
    model = net(dropout=0.0)
    opt = Sharpness(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):

        def again(x=x, y=y):
            opt.zero_grad()
            loss_of(model, x, y).backward()

        again()
        opt.step(again)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def against_an_adversary(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(draw()):
        moved = x.clone().requires_grad_()
        slope = torch.autograd.grad(loss_of(model, moved, y), moved)[0]
        update(opt, loss_of(model, x + 0.1 * slope.sign(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@dataclasses.dataclass
class State:
    step: int = 0
    noise: float = 0.2
    losses: list = dataclasses.field(default_factory=list)


@task("equal")
def a_state_of_ones_own(run):
    model, state = net(), State()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt, state=state)
    for _, (x, y) in run.steps(draw()):
        state.step += 1
        loss = loss_of(model, x + state.noise * torch.randn_like(x), y)
        update(opt, loss)
        state.losses.append(loss.item())
        if len(state.losses) > 3 and state.losses[-1] > state.losses[-3]:
            state.noise *= 0.9
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Scale:
    """Running mean and variance of what comes in."""

    def __init__(self):
        self.count, self.mean, self.square = 1e-4, np.zeros(4), np.ones(4)

    def __call__(self, x):
        self.count += 1
        self.mean += (x.mean(0).numpy() - self.mean) / self.count
        self.square += ((x**2).mean(0).numpy() - self.square) / self.count
        return ((x - torch.tensor(self.mean)) / math.sqrt(1e-6 + self.square.mean())).float()


@task("alone", "scale")
def inputs_are_scaled_as_they_come(run):
    model, scale = net(), Scale()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        update(opt, loss_of(model, scale(x), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        for rows in torch.randperm(64).split(8):
            yield X[rows], Y[rows]


@task("alone", "cannot be taken up again")
def a_stream(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(torch.utils.data.DataLoader(Stream(), batch_size=None)):
        update(opt, loss_of(model, x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal", updates=8)
def with_processes_that_load(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    for _, (x, y) in run.steps(torch.utils.data.DataLoader(Augmented(), 16, shuffle=True, num_workers=1)):
        update(opt, loss_of(model, x.float(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def losses_that_weigh_themselves(run):
    model, weights = net(), nn.ParameterList([nn.Parameter(torch.zeros(2))])
    opt = torch.optim.Adam([*model.parameters(), *weights.parameters()], lr=0.01)
    run.track(model=model, weights=weights, opt=opt)
    for _, (x, y) in run.steps(draw()):
        out = model(x)
        parts = torch.stack([functional.mse_loss(out, y), functional.l1_loss(out, y)])
        update(opt, (parts * (-weights[0]).exp() + weights[0]).sum())
        if run.eval_now:
            run.report(val_loss=evaluate(model))
