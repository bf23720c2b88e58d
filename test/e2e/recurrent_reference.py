# SPDX-License-Identifier: Apache-2.0
"""ONNX's RNN, GRU and LSTM in NumPy and double precision, from the formulas of the standard."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "Affine": (lambda x, a, b: a * x + b, 1.0, 0.0),
    "Elu": (lambda x, a, b: np.where(x >= 0, x, a * np.expm1(x)), 1.0, None),
    "HardSigmoid": (lambda x, a, b: np.clip(a * x + b, 0, 1), 0.2, 0.5),
    "LeakyRelu": (lambda x, a, b: np.where(x >= 0, x, a * x), 0.01, None),
    "Relu": (lambda x, a, b: np.maximum(x, 0), None, None),
    "ScaledTanh": (lambda x, a, b: a * np.tanh(b * x), 1.0, 1.0),
    "Sigmoid": (lambda x, a, b: sigmoid(x), None, None),
    "Softplus": (lambda x, a, b: np.logaddexp(0, x), None, None),
    "Softsign": (lambda x, a, b: x / (1 + np.abs(x)), None, None),
    "Tanh": (lambda x, a, b: np.tanh(x), None, None),
    "ThresholdedRelu": (lambda x, a, b: np.where(x > a, x, 0), 1.0, None),
}
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def bind(names, alphas, betas):
    """Functions of one argument; parameters are taken in order by those that have some."""
    alphas, betas, bound = list(alphas), list(betas), []
    for name in names:
        function, alpha, beta = ACTIVATIONS[name]
        alpha = alphas.pop(0) if alpha is not None and alphas else alpha
        beta = betas.pop(0) if beta is not None and betas else beta
        bound.append(lambda x, function=function, alpha=alpha, beta=beta: function(x, alpha, beta))
    return bound


def step(kind, x, h, c, w, r, wb, rb, p, functions, clip, input_forget, linear_before_reset):
    size = r.shape[1]
    bound = lambda z: z if clip is None else np.clip(z, -clip, clip)
    rows = lambda a, i: a[..., i * size : (i + 1) * size]
    f = functions[0]
    zx, zh = x @ w.T + wb, h @ r.T + rb
    if kind == "RNN":
        return f(bound(zx + zh)), c
    g = functions[1]
    if kind == "GRU":
        z, reset = f(bound(rows(zx, 0) + rows(zh, 0))), f(bound(rows(zx, 1) + rows(zh, 1)))
        if linear_before_reset:
            n = g(bound(rows(zx, 2) + reset * rows(zh, 2)))
        else:
            n = g(bound(rows(zx, 2) + (reset * h) @ r[2 * size :].T + rb[2 * size :]))
        return (1 - z) * n + z * h, c
    both = zx + zh
    i = f(bound(rows(both, 0) + p[:size] * c))
    forget = 1 - i if input_forget else f(bound(rows(both, 2) + p[2 * size :] * c))
    c = forget * c + i * g(bound(rows(both, 3)))
    o = f(bound(rows(both, 1) + p[size : 2 * size] * c))
    return o * functions[2](c), c


def recurrent(kind, x, w, r, b=None, sequence_lens=None, initial_h=None, initial_c=None, p=None, direction="forward", activations=None,
              activation_alpha=(), activation_beta=(), clip=None, input_forget=0, linear_before_reset=0, layout=0, hidden_size=None):
    """Y, Y_h and Y_c as ONNX defines them (steps first, unless layout is 1)."""
    double = lambda a: None if a is None else np.asarray(a, np.float64)
    x, w, r, b, p, initial_h, initial_c = map(double, (x, w, r, b, p, initial_h, initial_c))
    if layout:
        x = x.swapaxes(0, 1)
        initial_h, initial_c = (None if a is None else a.swapaxes(0, 1) for a in (initial_h, initial_c))
    steps, batch, _ = x.shape
    directions, size = w.shape[0], r.shape[2]
    rows = GATES[kind] * size
    names = activations or DEFAULTS[kind] * directions
    count = len(names) // directions
    functions = bind(names, activation_alpha, activation_beta)
    lengths = np.full(batch, steps) if sequence_lens is None else np.asarray(sequence_lens)
    y, hidden, cell = np.zeros((steps, directions, batch, size)), np.zeros((directions, batch, size)), np.zeros((directions, batch, size))
    for d in range(directions):
        wb, rb = (np.zeros(rows), np.zeros(rows)) if b is None else (b[d, :rows], b[d, rows:])
        for n in range(batch):
            h = np.zeros(size) if initial_h is None else initial_h[d, n]
            c = np.zeros(size) if initial_c is None else initial_c[d, n]
            order = range(lengths[n])
            for t in reversed(order) if direction == "reverse" or d == 1 else order:
                h, c = step(kind, x[t, n], h, c, w[d], r[d], wb, rb, np.zeros(3 * size) if p is None else p[d],
                            functions[d * count : (d + 1) * count], clip, input_forget, linear_before_reset)  # fmt: skip
                y[t, d, n] = h
            hidden[d, n], cell[d, n] = h, c
    if layout:
        return y.transpose(2, 0, 1, 3), hidden.swapaxes(0, 1), cell.swapaxes(0, 1)
    return y, hidden, cell
