# SPDX-License-Identifier: Apache-2.0
"""Modules as people write them in PyTorch: recurrent, convolutional and attention networks, audio, graphs of them with open sizes."""
from torch_export import pytorch

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:  # the rest of the collection does not need it
    torch = None

if torch is not None:

    class Recurrent(nn.Module):
        def __init__(self, kind, layers=1, both=False, batch_first=True):
            super().__init__()
            self.cells = kind(8, 16, layers, bidirectional=both, batch_first=batch_first)
            self.head = nn.Linear(32 if both else 16, 5)

        def forward(self, x):
            y, _ = self.cells(x)
            return self.head(y)

    class LastState(nn.Module):
        """A classifier of the last step, as tutorials have it."""

        def __init__(self):
            super().__init__()
            self.cells = nn.LSTM(8, 16, 2, batch_first=True)
            self.head = nn.Linear(16, 3)

        def forward(self, x):
            zero = torch.zeros(2, x.size(0), 16)
            y, (h, c) = self.cells(x, (zero, zero))
            return self.head(y[:, -1, :]), h, c

    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(50, 8)
            self.cells = nn.LSTM(8, 16, batch_first=True, bidirectional=True)
            self.head = nn.Linear(32, 4)

        def forward(self, ids, lengths):
            packed = nn.utils.rnn.pack_padded_sequence(self.table(ids), lengths, batch_first=True, enforce_sorted=True)
            y, _ = nn.utils.rnn.pad_packed_sequence(self.cells(packed)[0], batch_first=True)
            return self.head(y)

    class Stateful(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = nn.GRU(8, 16, 2)

        def forward(self, x, h):
            return self.cells(x, h)

    class Seq2Seq(nn.Module):
        def __init__(self):
            super().__init__()
            self.source, self.target = nn.Embedding(40, 16), nn.Embedding(50, 16)
            self.encoder, self.decoder = nn.GRU(16, 16, batch_first=True), nn.GRU(16, 16, batch_first=True)
            self.head = nn.Linear(32, 50)

        def forward(self, ids, target):
            memory, h = self.encoder(self.source(ids))
            y, _ = self.decoder(self.target(target), h)
            weights = torch.softmax(y @ memory.transpose(1, 2), -1)
            return self.head(torch.cat([y, weights @ memory], -1))

    class Positions(nn.Module):
        """A transformer encoder over learned positions with a causal mask and padding."""

        def __init__(self, causal=False):
            super().__init__()
            self.causal = causal
            self.table, self.positions = nn.Embedding(60, 32), nn.Parameter(torch.randn(1, 128, 32))
            layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu", norm_first=causal)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(32, 7)

        def forward(self, ids, mask):
            x = self.table(ids) + self.positions[:, : ids.shape[1]]
            causal = torch.triu(torch.full((ids.shape[1], ids.shape[1]), float("-inf")), 1) if self.causal else None
            hidden = mask == 0
            hidden = torch.zeros(hidden.shape).masked_fill(hidden, float("-inf"))
            return self.head(self.encoder(x, mask=causal, src_key_padding_mask=hidden, is_causal=self.causal))

    class Translator(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(60, 32)
            self.body = nn.Transformer(32, 4, 1, 1, 64, batch_first=True)
            self.head = nn.Linear(32, 60)

        def forward(self, source, target):
            mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
            return self.head(self.body(self.table(source), self.table(target), tgt_mask=mask, tgt_is_causal=True))

    class Block(nn.Sequential):
        def __init__(self, a, b):
            super().__init__(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())

    class UNet(nn.Module):
        """Up by transposed convolution (`up` "conv") or interpolation, with the padding that odd sizes need."""

        def __init__(self, up="conv"):
            super().__init__()
            self.d1, self.d2, self.d3 = Block(3, 8), Block(8, 16), Block(16, 32)
            self.u2 = nn.ConvTranspose2d(32, 16, 2, 2) if up == "conv" else nn.Conv2d(32, 16, 1)
            self.u1 = nn.ConvTranspose2d(16, 8, 2, 2) if up == "conv" else nn.Conv2d(16, 8, 1)
            self.c2, self.c1, self.head, self.up = Block(32, 16), Block(16, 8), nn.Conv2d(8, 2, 1), up

        def join(self, layer, x, skip):
            if self.up == "conv":
                x = layer(x)
                dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
                x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
            else:
                x = F.interpolate(layer(x), size=skip.shape[2:], mode="bilinear", align_corners=False)
            return torch.cat([skip, x], 1)

        def forward(self, x):
            a = self.d1(x)
            b = self.d2(F.max_pool2d(a, 2))
            c = self.d3(F.max_pool2d(b, 2))
            return self.head(self.c1(self.join(self.u1, self.c2(self.join(self.u2, c, b)), a)))

    class TimeConvolution(nn.Module):
        """Dilated causal convolutions over audio frames, with group normalization and gating."""

        def __init__(self):
            super().__init__()
            self.inside = nn.Conv1d(16, 32, 1)
            self.layers = nn.ModuleList(nn.Conv1d(32, 64, 3, dilation=2**i) for i in range(4))
            self.norms = nn.ModuleList(nn.GroupNorm(4, 32) for _ in range(4))
            self.head = nn.Conv1d(32, 10, 1)

        def forward(self, x):
            x = self.inside(x)
            for i, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
                a, b = layer(F.pad(norm(x), (2 << i, 0))).chunk(2, 1)
                x = x + torch.tanh(a) * torch.sigmoid(b)
            return self.head(x).mean(-1)

    class Spectrogram(nn.Module):
        """Log-mel features by a strided convolution with windowed sines, then a recurrent layer."""

        def __init__(self):
            super().__init__()
            n, k = torch.arange(256.0), torch.arange(65.0)[:, None]
            window = torch.hann_window(256)
            self.register_buffer("basis", torch.cat([torch.cos(n * k * 0.0245) * window, torch.sin(n * k * 0.0245) * window])[:, None])
            self.mel, self.cells, self.head = nn.Linear(65, 20), nn.GRU(20, 16, batch_first=True, bidirectional=True), nn.Linear(32, 4)

        def forward(self, audio):
            x = F.pad(audio[:, None], (128, 128), mode="reflect")
            re, im = F.conv1d(x, self.basis, stride=128).chunk(2, 1)
            power = (re * re + im * im).transpose(1, 2)
            return self.head(self.cells(torch.log(power @ self.mel.weight.abs().T + 1e-5))[0].max(1).values)

    class Yolo(nn.Module):
        """A small one-stage detector's heads on two strides, decoded to boxes and scores."""

        def __init__(self):
            super().__init__()
            self.stem, self.down = Block(3, 16), Block(16, 32)
            self.heads = nn.ModuleList([nn.Conv2d(16, 7, 1), nn.Conv2d(32, 7, 1)])

        def decode(self, y, stride):
            n, _, h, w = y.shape
            ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid = torch.stack([xs, ys]).float()[None]
            y = torch.cat([(y[:, :2].sigmoid() + grid) * stride, y[:, 2:4].exp() * stride, y[:, 4:].sigmoid()], 1)
            return y.flatten(2).transpose(1, 2)

        def forward(self, image):
            a = F.max_pool2d(self.stem(image), 4)
            b = F.max_pool2d(self.down(a), 2)
            return torch.cat([self.decode(self.heads[0](a), 4), self.decode(self.heads[1](b), 8)], 1)

    class YoloBoxes(Yolo):
        """The same with non-maximum suppression of the first image inside."""

        def forward(self, image):
            import torchvision

            y = super().forward(image)[0]
            corners = torch.cat([y[:, :2] - y[:, 2:4] / 2, y[:, :2] + y[:, 2:4] / 2], -1)
            score, kind = (y[:, 4:5] * y[:, 5:]).max(-1)
            kept = torchvision.ops.nms(corners, score, 0.5)[:20]
            return corners[kept], score[kept], kind[kept]

    class SuperResolution(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 9, 3, padding=1)

        def forward(self, x):
            y = F.pixel_shuffle(self.b(F.leaky_relu(self.a(x), 0.1)), 3)
            return y + F.interpolate(x, scale_factor=3, mode="bicubic", align_corners=False)

    class Autoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.InstanceNorm2d(16), nn.ELU())
            self.decoder = nn.Sequential(nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.PReLU(8), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Tanh())

        def forward(self, x):
            z = self.encoder(x)
            return self.decoder(z), z

    class Recommender(nn.Module):
        def __init__(self):
            super().__init__()
            self.users, self.items = nn.Embedding(100, 16), nn.Embedding(200, 16)
            self.bag = nn.EmbeddingBag(30, 16, mode="mean")
            self.layers = nn.Sequential(nn.Linear(48, 32), nn.LayerNorm(32), nn.GELU(), nn.Linear(32, 1))

        def forward(self, user, item, words):
            x = torch.cat([self.users(user), self.items(item), self.bag(words)], -1)
            return torch.sigmoid(self.layers(x)).squeeze(-1)

    class GraphLayer(nn.Module):
        """A message-passing layer over an edge list: gather, scatter-add, normalize by degree."""

        def __init__(self):
            super().__init__()
            self.message, self.update = nn.Linear(16, 16), nn.Linear(32, 8)

        def forward(self, x, source, target):
            message = self.message(x[source]).relu()
            total = torch.zeros_like(x).index_add(0, target, message)
            degree = torch.zeros(x.shape[0]).index_add(0, target, torch.ones(target.shape[0])).clamp(min=1)
            return self.update(torch.cat([x, total / degree[:, None]], -1))

    class Perceptron(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10))

        def forward(self, x):
            y = self.layers(x)
            return F.log_softmax(y, 1), y.argmax(1)

    class Rotary(nn.Module):
        """Self-attention with rotary positions and grouped key heads through scaled_dot_product_attention."""

        def __init__(self):
            super().__init__()
            self.q, self.kv, self.out = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)

        def turn(self, x):
            s = x.shape[2]
            angle = torch.arange(s)[:, None] * (10000 ** (-torch.arange(0, 8, 2) / 8.0))[None]
            cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
            a, b = x.chunk(2, -1)
            return x * cos + torch.cat([-b, a], -1) * sin

        def forward(self, x):
            n, s, _ = x.shape
            q = self.turn(self.q(x).view(n, s, 4, 8).transpose(1, 2))
            k, v = self.kv(x).view(n, s, 2, 2, 8).permute(2, 0, 3, 1, 4)
            k, v = (t.repeat_interleave(2, 1) for t in (self.turn(k), v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(n, s, 32))

    class Crf(nn.Module):
        """Greedy connectionist decoding's inputs: log-probabilities, their arg max and lengths."""

        def __init__(self):
            super().__init__()
            self.cells, self.head = nn.LSTM(12, 16, bidirectional=True, batch_first=True), nn.Linear(32, 30)

        def forward(self, x, lengths):
            y = self.head(self.cells(x)[0]).log_softmax(-1)
            inside = torch.arange(x.shape[1])[None] < lengths[:, None]
            best = y.argmax(-1).masked_fill(~inside, 0)
            return y, best, inside.sum(1)

    sequence = lambda r, N, S: {"x": r.normal(N, S, 8)}
    image = lambda r, N, H, W: {"image": r.normal(N, 3, H, W)}
    for kind, name in ((nn.LSTM, "lstm"), (nn.GRU, "gru"), (nn.RNN, "rnn")):
        pytorch(name, lambda kind=kind: Recurrent(kind), sequence)
        pytorch(name + "_two_layers_both_directions", lambda kind=kind: Recurrent(kind, 2, True), sequence)
    pytorch("lstm_last_state", LastState, sequence)
    pytorch("gru_with_state", Stateful, lambda r, N, S: {"x": r.normal(S, N, 8), "h": r.normal(2, N, 16)})
    lengths = lambda r, N, S: {"ids": r.ints(50, N, S), "lengths": -r.generator.permuted(-r.ints(S + 1, N, low=1)) * 0 + S}
    pytorch("lstm_packed", Packed, lengths, exporters=("traced",))
    pytorch("seq2seq_attention", Seq2Seq, lambda r, N, S, T: {"ids": r.ints(40, N, S), "target": r.ints(50, N, T)})
    tokens = lambda r, N, S: {"ids": r.ints(60, N, S), "mask": r.mask(N, S)}
    # What the tracing exporter writes for nn.MultiheadAttention fixes the batch.
    for exporter, batch in (("traced", {"N": (2, 2, 2)}), ("captured", {})):
        pytorch("transformer_encoder", Positions, tokens, exporters=[exporter], sizes=batch)
        pytorch("transformer_causal", lambda: Positions(True), tokens, exporters=[exporter], sizes=batch)
    pytorch("transformer_translator", Translator, lambda r, N, S, T: {"source": r.ints(60, N, S), "target": r.ints(60, N, T)})
    pytorch("rotary_attention", Rotary, lambda r, N, S: {"x": r.normal(N, S, 32)})
    odd = {"H": (64, 96, 162), "W": (96, 67, 128)}
    pytorch("unet_transposed", UNet, image, sizes=odd)
    pytorch("unet_interpolated", lambda: UNet("linear"), image, sizes=odd)
    pytorch("time_convolution", TimeConvolution, lambda r, N, F: {"x": r.normal(N, 16, F)})
    pytorch("spectrogram_gru", Spectrogram, lambda r, N, L: {"audio": r.normal(N, L)})
    pytorch("yolo_heads", Yolo, image)
    pytorch("yolo_boxes", YoloBoxes, lambda r, H, W: {"image": r.normal(1, 3, H, W)})
    pytorch("super_resolution", SuperResolution, lambda r, N, H, W: {"x": r.normal(N, 1, H, W)}, sizes={"H": (16, 24, 31), "W": (20, 9, 40)})
    pytorch("autoencoder", Autoencoder, lambda r, N, H, W: {"x": r.normal(N, 1, H, W)})
    pytorch("recommender", Recommender, lambda r, N, S: {"user": r.ints(100, N), "item": r.ints(200, N), "words": r.ints(30, N, S)})
    edges = {"S": (12, 40, 1)}
    graph = lambda r, N, S: {"x": r.normal(N, 16), "source": r.ints(N, S), "target": r.ints(N, S)}
    pytorch("graph_layer", GraphLayer, graph, sizes={"N": (6, 20, 3), **edges})
    pytorch("perceptron", Perceptron, lambda r, N: {"x": r.normal(N, 20)})
    pytorch("ctc_lengths", Crf, lambda r, N, S: {"x": r.normal(N, S, 12), "lengths": r.ints(S + 1, N, low=1)})
