# SPDX-License-Identifier: Apache-2.0
"""Recurrent cells as graphs in the compiler's own IR, in the forms that models use, and as NumPy in double precision."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda x: np.maximum(x, 0),
    "softsign": lambda x: x / (1 + abs(x)), "softplus": lambda x: np.log1p(np.exp(x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1), "leaky_relu": lambda x: np.where(x < 0, 0.1 * x, x),
    "elu": lambda x: np.where(x < 0, np.expm1(x), x), "thresholded_relu": lambda x: np.where(x > 0.5, x, 0),
}
ATTRIBUTES = {"hard_sigmoid": "{alpha = 0.2 : f64, beta = 0.5 : f64}", "leaky_relu": "{alpha = 0.1 : f64}", "elu": "{alpha = 1.0 : f64}",
              "thresholded_relu": "{alpha = 0.5 : f64}"}


class Body:
    """Writes the ops of a function; values are (name, type) pairs."""

    def __init__(self):
        self.lines, self.count = [], 0

    def emit(self, text, shape, element="f32"):
        self.count += 1
        name, kind = f"%{self.count}", "tensor<" + "".join(f"{e}x" for e in shape) + element + ">"
        self.lines.append(f"  {name} = {text} {kind}")
        return name, kind, shape

    def constant(self, array):
        array = np.ascontiguousarray(array, np.float32)
        kind = "tensor<" + "".join(f"{e}x" for e in array.shape) + "f32>"
        return self.emit(f'dlc.constant dense<"0x{array.tobytes().hex().upper()}"> : {kind} :', array.shape)

    def binary(self, op, a, b):
        shape = a[2] if len(a[2]) >= len(b[2]) else b[2]
        return self.emit(f"dlc.{op} {a[0]}, {b[0]} : ({a[1]}, {b[1]}) ->", shape)

    def matmul(self, a, b, columns, attributes=""):
        return self.emit(f"dlc.matmul {a[0]}, {b[0]} {attributes} : ({a[1]}, {b[1]}) ->", (a[2][0], columns))

    def unary(self, op, x):
        return self.emit(f"dlc.{op} {x[0]} {ATTRIBUTES.get(op, '')} : {x[1]} ->", x[2])

    def columns(self, x, start, count):
        return self.emit(f"dlc.slice {x[0]} {{starts = array<i64: 0, {start}>, sizes = array<i64: -1, {count}>, "
                         f"steps = array<i64: 1, 1>}} : ({x[1]}) ->", (x[2][0], count))

    def where(self, mask, a, b):
        return self.emit(f"dlc.where {mask[0]}, {a[0]}, {b[0]} : ({mask[1]}, {a[1]}, {b[1]}) ->", a[2])


class Cell:
    """One recurrent layer: weights w [G, I, H], r [G, H, H], biases [G, H], and how its equations are written.

    spelling: "packed" (one product, sliced), "transposed" (the same with [G H, H] matrices), "separate" (one product per gate),
    "concatenated" (products of the state and the input side by side, a gate)."""

    def __init__(self, kind, hidden, width, random, spelling="packed", activation="tanh", peepholes=False, coupled=False,
                 clip=None, masked=False):
        self.kind, self.hidden, self.width, self.spelling, self.activation = kind, hidden, width, spelling, activation
        self.peepholes, self.coupled, self.clip, self.masked = peepholes, coupled, clip, masked
        gates = self.gates = {"rnn": 1, "lstm": 4, "gru": 3, "gru_before": 3}[kind]
        scale = lambda *shape: (random.standard_normal(shape) / np.sqrt(shape[-2] if len(shape) > 2 else 4)).astype(np.float32)
        self.w, self.r = scale(gates, width, hidden), scale(gates, hidden, hidden)
        self.bw, self.br = scale(gates, hidden), scale(gates, hidden)
        self.p = scale(3, hidden)
        self.states = 2 if kind == "lstm" else 1

    # -- NumPy

    def step(self, x, states):
        act, h = ACTIVATIONS[self.activation], states[0]
        f = lambda a: a.astype(np.float64)
        limit = (lambda z: np.clip(z, -self.clip, self.clip)) if self.clip else (lambda z: z)
        zx = [x @ f(self.w[g]) + f(self.bw[g]) for g in range(self.gates)]
        zh = lambda g, state=h: state @ f(self.r[g]) + f(self.br[g])
        if self.kind == "rnn":
            return [act(limit(zx[0] + zh(0)))]
        if self.kind == "lstm":
            i, o, g, c = zx[0] + zh(0), zx[1] + zh(1), zx[3] + zh(3), states[1]
            if self.peepholes:
                i = i + f(self.p[0]) * c
            i = sigmoid(limit(i))
            if self.coupled:
                forget = 1 - i
            else:
                forget = sigmoid(limit(zx[2] + zh(2) + (f(self.p[1]) * c if self.peepholes else 0)))
            new = forget * c + i * act(limit(g))
            if self.peepholes:
                o = o + f(self.p[2]) * new
            return [sigmoid(limit(o)) * act(new), new]
        z, r = sigmoid(limit(zx[0] + zh(0))), sigmoid(limit(zx[1] + zh(1)))
        n = act(limit(zx[2] + (r * zh(2) if self.kind == "gru" else zh(2, r * h))))
        return [(1 - z) * n + z * h]

    def run(self, x, states, mask=None):
        states, y = [s.astype(np.float64) for s in states], []
        for t in range(len(x)):
            new = self.step(x[t].astype(np.float64), states)
            if mask is not None:
                keep = mask[t][:, None]
                y.append(np.where(keep, new[0], 0))
                states = [np.where(keep, a, b) for a, b in zip(new, states)]
            else:
                states = new
                y.append(new[0])
        return np.array(y).reshape(len(x), *states[0].shape), states

    # -- IR

    def emit(self, b, x, states):
        hidden, h = self.hidden, states[0]
        count = self.gates
        limit = (lambda z: self._clamp(b, z)) if self.clip else (lambda z: z)
        act = lambda z: b.unary(self.activation, z)
        if self.kind in ("gru", "gru_before"):
            return self._emit_gru(b, x, h, limit, act)
        bias = self.bw + self.br
        if self.spelling in ("packed", "transposed"):
            pack = lambda m: np.concatenate(list(m), axis=1)
            flag = "{transpose_rhs = true}" if self.spelling == "transposed" else ""
            make = lambda m: b.constant(pack(m).T if flag else pack(m))
            zx = b.matmul(x, make(self.w), count * hidden, flag)
            zh = b.matmul(h, make(self.r), count * hidden, flag)
            z = b.binary("add", b.binary("add", zx, zh), b.constant(bias.reshape(-1)))
            gate = (lambda g: z) if count == 1 else (lambda g: b.columns(z, g * hidden, hidden))
        elif self.spelling == "separate":
            def gate(g):
                zh = b.binary("add", b.matmul(h, b.constant(self.r[g]), hidden), b.constant(self.br[g]))
                zx = b.binary("add", b.constant(self.bw[g]), b.matmul(x, b.constant(self.w[g]), hidden))
                return b.binary("add", zh, zx) if g % 2 else b.binary("add", zx, zh)
        else:
            both = b.emit(f"dlc.concat {h[0]}, {x[0]} {{axis = 1 : i64}} : ({h[1]}, {x[1]}) ->", (h[2][0], hidden + self.width))
            gate = lambda g: b.binary("add", b.matmul(both, b.constant(np.concatenate([self.r[g], self.w[g]])), hidden),
                                      b.constant(bias[g]))
        if self.kind == "rnn":
            return [act(limit(gate(0)))]
        c = states[1]
        peep = lambda z, n, cell: b.binary("add", z, b.binary("mul", b.constant(self.p[n]), cell)) if self.peepholes else z
        i = b.unary("sigmoid", limit(peep(gate(0), 0, c)))
        if self.coupled:
            forget = b.binary("sub", b.constant(np.ones(hidden)), i)
        else:
            forget = b.unary("sigmoid", limit(peep(gate(2), 1, c)))
        new = b.binary("add", b.binary("mul", forget, c), b.binary("mul", i, act(limit(gate(3)))))
        o = b.unary("sigmoid", limit(peep(gate(1), 2, new)))
        return [b.binary("mul", o, act(new)), new]

    def _emit_gru(self, b, x, h, limit, act):
        hidden = self.hidden
        if self.spelling == "packed":
            pack = lambda m: b.constant(np.concatenate(list(m), axis=1))
            zx = b.binary("add", b.matmul(x, pack(self.w), 3 * hidden), b.constant(self.bw.reshape(-1)))
            part = lambda g: b.columns(zx, g * hidden, hidden)
            first = 3 if self.kind == "gru" else 2
            zh = b.binary("add", b.matmul(h, pack(self.r[:first]), first * hidden), b.constant(self.br[:first].reshape(-1)))
            product = lambda g: b.columns(zh, g * hidden, hidden)
        else:
            part = lambda g: b.binary("add", b.matmul(x, b.constant(self.w[g]), hidden), b.constant(self.bw[g]))
            product = lambda g: b.binary("add", b.matmul(h, b.constant(self.r[g]), hidden), b.constant(self.br[g]))
        z = b.unary("sigmoid", limit(b.binary("add", part(0), product(0))))
        r = b.unary("sigmoid", limit(b.binary("add", product(1), part(1))))
        if self.kind == "gru":
            inner = b.binary("mul", r, product(2))
        else:
            inner = b.binary("add", b.matmul(b.binary("mul", r, h), b.constant(self.r[2]), hidden), b.constant(self.br[2]))
        n = act(limit(b.binary("add", part(2), inner)))
        return [b.binary("add", b.binary("mul", b.binary("sub", b.constant(np.ones(hidden)), z), n), b.binary("mul", z, h))]

    def _clamp(self, b, z):
        return b.emit(f"dlc.clamp {z[0]} {{low = {-self.clip} : f64, high = {self.clip} : f64}} : {z[1]} ->", z[2])

    def _tensor(self, *shape, element="f32"):
        return "tensor<" + "".join(f"{e}x" for e in shape) + element + ">"

    def loop_text(self, steps="?", batch="?"):
        """A model that runs the cell over `steps` steps of x and gives y and the final states."""
        state, step_x = self._tensor(batch, self.hidden), self._tensor(batch, self.width)
        b = Body()
        states = [(f"%before{i}", state, (batch, self.hidden)) for i in range(self.states)]
        new = self.emit(b, ("%slice", step_x, (batch, self.width)), states)
        y = new[0]
        mask_argument = f", %mask: {self._tensor(batch, 1, element='i1')}" if self.masked else ""
        if self.masked:
            mask = ("%mask", self._tensor(batch, 1, element="i1"), (batch, 1))
            y = b.where(mask, new[0], b.constant(np.zeros(1)))
            new = [b.where(mask, a, old) for a, old in zip(new, states)]
        results = ", ".join([state] * (self.states + 1))
        arguments = "".join(f", %before{i}: {state}" for i in range(self.states))
        xs, ys = self._tensor(steps, batch, self.width), self._tensor(steps, batch, self.hidden)
        masks = self._tensor(steps, batch, 1, element="i1")
        dims = lambda *names: "[" + ", ".join(f'"{n}"' if isinstance(n, str) else str(n) for n in names) + "]"
        t, n = "T" if steps == "?" else steps, "N" if batch == "?" else batch
        inputs = f'%x: {xs} {{dlc.name = "x", dlc.dims = {dims(t, n, self.width)}}}'
        for i in range(self.states):
            inputs += f', %s{i}: {state} {{dlc.name = "s{i}", dlc.dims = {dims(n, self.hidden)}}}'
        scan_inputs, kinds = "%x", xs
        if self.masked:
            inputs += f', %m: {masks} {{dlc.name = "m", dlc.dims = {dims(t, n, 1)}}}'
            scan_inputs, kinds = "%x, %m", f"{xs}, {masks}"
        finals = [f'{state} {{dlc.name = "final{i}"}}' for i in range(self.states)]
        names = ", ".join(f"%r{i}" for i in range(self.states + 1))
        initial = ", ".join(f"%s{i}" for i in range(self.states))
        return "\n".join([
            f'func.func @run({inputs}) -> ({", ".join(finals)}, {ys} {{dlc.name = "y"}}) {{',
            f"  {names} = dlc.loop init({initial} : {', '.join([state] * self.states)}) scan({scan_inputs} : {kinds}) "
            f"-> {', '.join([state] * self.states)}, {ys} {{",
            f"  ^bb0(%step: tensor<i64>{arguments}, %slice: {step_x}{mask_argument}):", *b.lines,
            f"    dlc.next {', '.join(v[0] for v in new + [y])} : {results}", "  }",
            f"  return {names} : {', '.join([state] * self.states)}, {ys}", "}", ""])

    def step_text(self, batch="?"):
        """A model of a single step: states in, states out."""
        b = Body()
        state, n = self._tensor(batch, self.hidden), '"N"' if batch == "?" else batch
        states = [(f"%s{i}", state, (batch, self.hidden)) for i in range(self.states)]
        x = ("%x", self._tensor(batch, self.width), (batch, self.width))
        new = self.emit(b, x, states)
        inputs = [f'%x: {x[1]} {{dlc.name = "x", dlc.dims = [{n}, {self.width}]}}']
        inputs += [f'%s{i}: {state} {{dlc.name = "s{i}", dlc.dims = [{n}, {self.hidden}]}}' for i in range(self.states)]
        outputs = ", ".join(f'{state} {{dlc.name = "final{i}"}}' for i in range(self.states))
        return "\n".join([f"func.func @run({', '.join(inputs)}) -> ({outputs}) {{", *b.lines,
                          f"  return {', '.join(v[0] for v in new)} : {', '.join([state] * self.states)}", "}", ""])
