import subprocess
import sys

import numpy as np
import pytest
import torch

from ottools import objectives as ob
from ottools import training as tr
from ottools.datasets import modes_covered, ring, ring_centres, two_clusters
from ottools.models import mlp

TOL = 1e-10


def test_import_is_light():
    code = "import sys, ottools; print({'torch', 'matplotlib'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.strip() == "set()"


def test_objectives_and_their_derivatives():
    real, fake = (
        torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for v in ([-2.0, 0.3, 1.0], [0.5, -1.5])
    )
    a, d = torch.sigmoid(real), torch.sigmoid(fake)
    for loss, value, slopes in (
        (
            ob.discriminator_loss(real, fake),
            -a.log().mean() - (1 - d).log().mean(),
            (-(1 - a) / 3, d / 2),
        ),
        (
            ob.counting_loss(real, fake),
            -a.mean() - (1 - d).mean(),
            (-a * (1 - a) / 3, d * (1 - d) / 2),
        ),
        (ob.saturating_loss(fake), (1 - d).log().mean(), (-d / 2,)),
        (ob.non_saturating_loss(fake), -d.log().mean(), (-(1 - d) / 2,)),
    ):
        assert loss.item() == pytest.approx(value.item(), abs=TOL)
        inputs = (real, fake) if len(slopes) == 2 else (fake,)
        for got, expected in zip(
            torch.autograd.grad(loss, inputs, retain_graph=True), slopes, strict=True
        ):
            torch.testing.assert_close(got, expected.detach())


def test_objectives_survive_huge_logits():
    far = torch.tensor([1e4, -1e4])
    assert ob.saturating_loss(far).item() == pytest.approx(-5e3)
    assert ob.non_saturating_loss(far).item() == pytest.approx(5e3)
    assert ob.optimal_logit(torch.tensor(1.0), torch.tensor(3.0)).item() == -2


def test_mlp_draws_from_the_generator_alone(rng):
    before = torch.get_rng_state()
    first = mlp((2, 5, 1), np.random.default_rng(1))
    again = mlp((2, 5, 1), np.random.default_rng(1))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.abs().max() <= 2**-0.5
    with pytest.raises(ValueError, match="two or more numbers"):
        mlp((3,), rng)


def test_datasets(rng):
    x = ring(4000, rng)
    assert modes_covered(x, ring_centres()).covered == 8
    assert modes_covered(x, ring_centres()).quality == 1
    assert modes_covered(x[x[:, 0] > 1], ring_centres()).covered == 3
    assert modes_covered(0 * x, ring_centres()).counts.tolist() == [0] * 8
    fake, real = two_clusters(50, rng)
    assert fake.min() >= -3
    assert real.max() <= 3
    for call, message in (
        (lambda: ring(0, rng), "n must be >= 1"),
        (lambda: ring_centres(0), "modes must be >= 1"),
        (lambda: two_clusters(3, rng, inner=4.0), "inner < outer"),
        (lambda: modes_covered([1.0], ring_centres()), "must have shapes"),
        (lambda: modes_covered(x, ring_centres(), radius=0), "radius must be > 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def small_game(seed, loss=ob.non_saturating_loss, **options):
    rng = np.random.default_rng(seed)
    nets = mlp((2, 32, 32, 2), rng), mlp((2, 32, 32, 1), rng)
    config = tr.GanConfig(**options)
    return nets, tr.train_gan(ring, *nets, loss, config, rng), rng


def test_training_is_reproducible_and_leaves_its_inputs():
    nets, first, _ = small_game(3, steps=4, snapshots=(0, 2, 4), warmup=3)
    _, again, _ = small_game(3, steps=4)
    nets_again, third, _ = small_game(3, steps=4, snapshots=(0, 2, 4), warmup=3)
    np.testing.assert_array_equal(first.generator_loss, third.generator_loss)
    assert not np.array_equal(first.generator_loss, again.generator_loss)
    assert sorted(first.snapshots) == [0, 2, 4]
    for old, kept in zip(
        nets[0].parameters(), first.snapshots[0].parameters(), strict=True
    ):
        assert torch.equal(old, kept)
    for kept, end in zip(
        first.snapshots[4].parameters(), first.generator.parameters(), strict=True
    ):
        assert torch.equal(kept, end)
    assert first.discriminator_loss.shape == (4,)


def test_gan_reaches_the_ring():
    _, result, rng = small_game(0, steps=600)
    samples = tr.generate(result.generator, 1000, 2, rng)
    radius = np.linalg.norm(samples, axis=1)
    assert np.median(np.abs(radius - 2)) < 0.4


def test_retrained_discriminator_starves_the_saturating_loss():
    # After ten steps fakes and data are still apart, so D can become certain.
    _, result, rng = small_game(0, steps=10)
    fresh = mlp((2, 32, 32, 1), rng)
    log = tr.retrain_discriminator(
        ring, result.generator, fresh, tr.GanConfig(), (0, 100, 900), rng
    )
    assert log.steps.tolist() == [0, 100, 900]
    assert log.saturating_gradient[-1] < 0.3 * log.saturating_gradient[1]
    assert log.non_saturating_gradient[-1] > 3 * log.non_saturating_gradient[1]
    assert log.saturating_loss[0] < log.saturating_loss[-1] < 0
    with pytest.raises(ValueError, match="log_at must hold"):
        tr.retrain_discriminator(ring, result.generator, fresh, tr.GanConfig(), (), rng)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "must be >= 1"),
        ({"warmup": -1}, "warmup >= 0"),
        ({"lr_generator": 0.0}, "learning rates must be > 0"),
        ({"steps": 5, "snapshots": (6,)}, r"snapshots must lie in 0\.\.5"),
    ],
)
def test_config_errors(options, message):
    with pytest.raises(ValueError, match=message):
        tr.GanConfig(**options)


def test_shift_experiment_anchors():
    x = 2 + (np.arange(500) + 0.5) / 500
    r = tr.shift_experiment(x, -x, (0, 10, 100, 1000, 10000))
    assert r.saturating_loss[0] == pytest.approx(-np.log(2))
    # Computed once on a finite sample; the population values differ by 3 per cent.
    sat, non = [2.4e-2, 4.8e-3, 7.2e-4, 9.6e-5], [1.75, 2.65, 3.63, 4.65]
    loss = [-1.4e-2, -1.8e-3, -2.0e-4, -2.1e-5]
    np.testing.assert_allclose(-r.saturating_gradient[1:], sat, rtol=0.06)
    np.testing.assert_allclose(-r.non_saturating_gradient[1:], non, rtol=0.01)
    np.testing.assert_allclose(r.saturating_loss[1:], loss, rtol=0.06)
    np.testing.assert_allclose(r.intercept, 0, atol=1e-9)


def test_shift_gradients_are_derivatives(rng):
    fake, real = two_clusters(200, rng)
    r = tr.shift_experiment(real, fake, (7,))
    s = torch.zeros((), dtype=torch.float64, requires_grad=True)
    logits = r.slope[0] * (torch.as_tensor(fake) + s) + r.intercept[0]
    for loss, value, slope in (
        (ob.saturating_loss, r.saturating_loss, r.saturating_gradient),
        (ob.non_saturating_loss, r.non_saturating_loss, r.non_saturating_gradient),
    ):
        found = loss(logits)
        assert found.item() == pytest.approx(value[0], abs=TOL)
        grad = torch.autograd.grad(found, s, retain_graph=True)[0]
        assert grad.item() == pytest.approx(slope[0], abs=TOL)
    with pytest.raises(ValueError, match="must have shape"):
        tr.shift_experiment([], fake, (1,))
    with pytest.raises(ValueError, match="lr be > 0"):
        tr.shift_experiment(real, fake, (1,), lr=0)


def test_dirac_gan_anchors():
    spiral = tr.dirac_simultaneous(500, 0.1)
    assert spiral.radius[[0, -1]] == pytest.approx([1, 1.755773], abs=1e-6)
    assert tr.dirac_penalised(500, 0.1).radius[-1] == pytest.approx(6.14e-10, rel=1e-2)
    cycle = tr.dirac_clipped(5000, 0.1).theta[2500:]
    assert cycle.max() == pytest.approx(0.541, abs=5e-4)
    assert cycle.min() == pytest.approx(-0.541, abs=5e-4)
    answer = tr.dirac_alternating(5000, 0.1)
    assert 0.8 < answer.radius.min() < answer.radius.max() < 1.1


def test_dirac_eigenvalues_by_the_period():
    # Near the equilibrium the flow turns with frequency 1/2: period 4 pi.
    path = tr.dirac_simultaneous(12566, 0.001, start=(0.01, 0.0))
    assert path.theta[-1] == pytest.approx(0.01, rel=1e-2)
    assert path.psi[-1] == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match="steps must be >= 1"):
        tr.dirac_simultaneous(0, 0.1)
    with pytest.raises(ValueError, match="gamma must be >= 0"):
        tr.dirac_penalised(1, 0.1, gamma=-1)
    with pytest.raises(ValueError, match="clip must be > 0"):
        tr.dirac_clipped(1, 0.1, clip=0)
