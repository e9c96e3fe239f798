import numpy as np
import pytest
import torch

from ottools.convergence import ConvergenceError
from ottools.sinkhorn import on_torch, sinkhorn_divergence, sinkhorn_points
from ottools.sinkhorn.costs import SquaredDistance
from ottools.sinkhorn.kernels import StreamedKernel, Work
from ottools.sinkhorn.on_torch import TorchKernel, divergence_loss, transport_loss

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def sample(rng, n=12, m=9, d=2):
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 0.5 + 1
    return x, y, rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))


def tensors(arrays, device, dtype=torch.float64):
    return [
        torch.tensor(z, device=device, dtype=dtype, requires_grad=True) for z in arrays
    ]


@pytest.fixture(params=["one block", "blocks", "streamed"])
def storage(request, monkeypatch):
    if request.param != "one block":
        monkeypatch.setattr(on_torch, "BLOCK", 30)
    if request.param == "streamed":
        monkeypatch.setattr(on_torch, "HELD", 0)


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("eps", [3.0, 0.1, 0.01, 1e-3])
def test_the_value_is_that_of_numpy(rng, device, eps):
    arrays = sample(rng)
    expected = sinkhorn_points(*arrays, eps=eps, tol=1e-10)
    found = transport_loss(*tensors(arrays, device), eps=eps, tol=1e-10)
    assert found.item() == pytest.approx(expected.value, abs=1e-10)
    assert found.device.type == device


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_kernel_is_that_of_numpy(rng, device, dtype):
    x, y, a, b = sample(rng, 40, 30)
    cost = SquaredDistance(x, y)
    ours, theirs = StreamedKernel(cost, Work()), TorchKernel(cost, Work(), device)
    g, close = rng.normal(size=30), {"rtol": 1e-5 if dtype == np.float32 else 1e-12}
    np.testing.assert_allclose(theirs.absorb(g, 0.3, dtype), ours.absorb(g, 0.3, dtype))
    between = lambda s, rows: a[rows] / s
    for found, expected in zip(
        theirs.fold(b, between), ours.fold(b, between), strict=True
    ):
        np.testing.assert_allclose(found, expected, **close)
    one, other = (k.large(b, 1e-3 * a) for k in (theirs, ours))
    np.testing.assert_allclose(one.toarray(), other.toarray(), **close)
    assert 0 < theirs.density(1e-10) < 1
    assert theirs.level(b, 1 / a, 3) > theirs.level(b, 1 / a, 6) > 0


def test_a_larger_problem_is_pruned_and_factored(rng, device, monkeypatch):
    monkeypatch.setattr("ottools.sinkhorn.scaling.WORTHWHILE", 0)
    arrays = sample(rng, 150, 120)
    expected = sinkhorn_points(*arrays, eps=3e-3)
    found = transport_loss(*tensors(arrays, device), eps=3e-3)
    assert found.item() == pytest.approx(expected.value, abs=1e-5)


@pytest.mark.parametrize("loss", [transport_loss, divergence_loss])
def test_gradients(rng, device, loss):
    z = tensors(sample(rng, 5, 4), device)
    solve = lambda x, y, a, b: loss(
        x, y, a.softmax(0), b.softmax(0), eps=0.5, tol=1e-12
    )
    assert torch.autograd.gradcheck(solve, z, eps=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", [transport_loss, divergence_loss])
def test_weights_are_scaled(rng, device, loss):
    z = tensors(sample(rng), device)
    loss(*z, eps=0.5, tol=1e-12).backward()
    for weights in z[2:]:
        assert float(weights.detach() @ weights.grad) == pytest.approx(0, abs=1e-12)


def test_equal_weights_by_default(rng, device):
    x, y, _, _ = sample(rng)
    p, q = tensors((x, y), device)
    loss = divergence_loss(p, q, eps=0.5)
    loss.backward()
    z = sinkhorn_divergence(x, y, eps=0.5)
    assert loss.item() == pytest.approx(z.value)
    np.testing.assert_allclose(p.grad.cpu(), z.at_x, atol=1e-8)
    np.testing.assert_allclose(q.grad.cpu(), z.at_y, atol=1e-8)


def test_single_precision_and_points_on_the_line(device):
    x = torch.tensor([0.0, 1.0], device=device, requires_grad=True)
    loss = divergence_loss(x, x.detach() + 2, eps=1.0)
    loss.backward()
    assert loss.dtype == x.grad.dtype == torch.float32
    assert x.grad.shape == x.shape
    assert loss.item() == pytest.approx(4, abs=1e-5)


def test_descent(rng, device):
    x, y = tensors((rng.normal(size=(10, 2)), rng.normal(size=(10, 2)) + 2), device)
    steps = torch.optim.SGD([x], lr=4)
    first = divergence_loss(x, y.detach(), eps=0.5).item()
    for _ in range(20):
        steps.zero_grad()
        loss = divergence_loss(x, y.detach(), eps=0.5)
        loss.backward()
        steps.step()
    assert loss.item() < 1e-2 * first


def test_errors(device):
    x = torch.zeros(2, 1, device=device)
    with pytest.raises(ValueError, match="x and y must have one dimension"):
        transport_loss(x, torch.zeros(2, 2, device=device), eps=1)
    for wrong in ([[0.0]], np.zeros((1, 1)), "x"):
        with pytest.raises(ValueError, match="x, y, a, b must be tensors or None"):
            transport_loss(torch.zeros(1, 1), wrong, eps=1.0)
    with pytest.raises(ValueError, match="x must be real"):
        transport_loss(torch.zeros(1, 1, dtype=torch.cfloat), torch.ones(1), eps=1.0)
    with pytest.raises(ValueError, match="eps must be finite and > 0"):
        divergence_loss(x, x, eps=0)


def test_not_converging(rng, device, monkeypatch):
    monkeypatch.setattr("ottools.sinkhorn.solver.MAX_ITER", 1)
    x, y, _, _ = sample(rng)
    with pytest.raises(ConvergenceError, match="raise max_iter"):
        transport_loss(*tensors((x, y), device), eps=0.01)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_short_floats_are_computed_in_float64(device, dtype):
    x = torch.tensor([[0.5]], device=device, dtype=dtype, requires_grad=True)
    loss = transport_loss(x, torch.tensor([[2.0]], device=device, dtype=dtype), eps=1.0)
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    assert (loss.item(), x.grad.item()) == (2.25, -3.0)
