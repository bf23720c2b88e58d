# SPDX-License-Identifier: Apache-2.0
"""Decoders whose loop over the tokens is part of the model, as torch.jit.script keeps it: its steps read what they make longer."""
import numpy as np
from torch_export import pytorch

try:
    import torch
    from torch import nn
except ImportError:  # the rest of the collection does not need it
    torch = None

if torch is not None:

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.project, self.join = nn.Linear(32, 96), nn.Linear(32, 32)
            self.first, self.second = nn.LayerNorm(32), nn.LayerNorm(32)
            self.feed = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))

        def forward(self, x):
            n, t = x.shape[0], x.shape[1]
            heads = self.project(self.first(x)).reshape(n, t, 3, 4, 8).permute(2, 0, 3, 1, 4)
            mask = torch.ones(t, t, dtype=torch.bool).tril()
            weights = (heads[0] @ heads[1].transpose(-1, -2) / 8**0.5).masked_fill(~mask, -1e9).softmax(-1)
            x = x + self.join((weights @ heads[2]).transpose(1, 2).reshape(n, t, 32))
            return x + self.feed(self.second(x))

    class Language(nn.Module):
        """Scores of the token after each one of 37."""

        def __init__(self):
            super().__init__()
            self.tokens, self.positions, self.head = nn.Embedding(37, 32), nn.Embedding(256, 32), nn.Linear(32, 37)
            self.layers = nn.ModuleList([Layer(), Layer()])

        def forward(self, ids):
            x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
            for layer in self.layers:
                x = layer(x)
            return self.head(x)

    class Greedy(nn.Module):
        def __init__(self):
            super().__init__()
            self.language = Language()

        def forward(self, ids, steps):
            for _ in range(int(steps)):
                ids = torch.cat([ids, self.language(ids)[:, -1].argmax(-1, keepdim=True)], 1)
            return ids

    class UntilEnd(nn.Module):
        """Stops when all rows have had one of the tokens that end them."""

        def __init__(self):
            super().__init__()
            self.language = Language()

        def forward(self, ids, steps):
            done = torch.zeros(ids.shape[0], dtype=torch.bool)
            step = 0
            while step < int(steps) and not bool(done.all()):
                token = self.language(ids)[:, -1].argmax(-1)
                done = done | (token % 5 == 0)
                ids = torch.cat([ids, token.unsqueeze(1)], 1)
                step += 1
            return ids, done

    class BeamSearch(nn.Module):
        """The four most likely continuations; the rows of `ids` are reordered in each step."""

        def __init__(self):
            super().__init__()
            self.language = Language()

        def forward(self, ids, steps):
            ids = ids.repeat_interleave(4, 0)
            scores = torch.where(torch.arange(4) > 0, torch.tensor(-1e9), torch.tensor(0.0))
            for _ in range(int(steps)):
                all_scores = self.language(ids)[:, -1].log_softmax(-1) + scores.unsqueeze(1)
                scores, best = all_scores.flatten().topk(4)
                ids = torch.cat([ids[best // 37], (best % 37).unsqueeze(1)], 1)
            return ids, scores

    class Cached(nn.Module):
        """Keeps the keys and values of the tokens so far, at first of none."""

        def __init__(self):
            super().__init__()
            self.tokens, self.head = nn.Embedding(37, 32), nn.Linear(32, 37)
            self.query, self.key, self.value = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)

        def forward(self, ids, steps):
            keys = torch.zeros(ids.shape[0], 0, 32)
            values = torch.zeros(ids.shape[0], 0, 32)
            text = ids
            for _ in range(int(steps)):
                x = self.tokens(ids)
                keys, values = torch.cat([keys, self.key(x)], 1), torch.cat([values, self.value(x)], 1)
                x = x + (self.query(x) @ keys.transpose(1, 2) / 32**0.5).softmax(-1) @ values
                ids = self.head(x)[:, -1].argmax(-1, keepdim=True)
                text = torch.cat([text, ids], 1)
            return text, keys

    class SomeSteps(nn.Module):
        """Data decides which steps append."""

        def __init__(self):
            super().__init__()
            self.language = Language()

        def forward(self, ids, steps):
            for step in range(int(steps)):
                token = self.language(ids)[:, -1].argmax(-1, keepdim=True)
                if bool(((token + step) % 2 == 0).any()):
                    ids = torch.cat([ids, token], 1)
            return ids

    def decoder(name, module, feeds):
        pytorch(name, lambda: torch.jit.script(module()), feeds, family="decoders", exporters=("traced",), sizes={"S": (3, 9, 1), "T": (4, 30, 0)})

    tokens = lambda r, N, S, T: {"ids": r.ints(37, N, S), "steps": np.array(T)}
    decoder("decoder_greedy", Greedy, tokens)
    decoder("decoder_until_end", UntilEnd, tokens)
    decoder("decoder_some_steps", SomeSteps, tokens)
    decoder("decoder_beam_search", BeamSearch, lambda r, S, T: {"ids": r.ints(37, 1, S), "steps": np.array(T)})
    decoder("decoder_cached", Cached, lambda r, N, T: {"ids": r.ints(37, N, 1), "steps": np.array(T)})
