# SPDX-License-Identifier: Apache-2.0
"""Models of the package transformers in tiny configurations with random weights: text, speech, vision, with and without cached keys."""
from torch_export import pytorch

try:
    import torch
    import transformers as hf
    from torch import nn
except ImportError:
    torch = None

if torch is not None:

    class Named(nn.Module):
        """Calls a model with arguments by name, and returns chosen fields of its result."""

        def __init__(self, model, names, fields):
            super().__init__()
            self.model, self.names, self.fields = model, names, fields

        def forward(self, *arguments):
            options = {} if not self.decoder() else {"use_cache": False}
            result = self.model(**dict(zip(self.names, arguments, strict=True)), **options)
            return tuple(result[field] for field in self.fields)

        def decoder(self):
            return "use_cache" in self.model.forward.__code__.co_varnames

    class Cached(nn.Module):
        """A decoder with the keys and values of earlier positions as inputs, and those of all positions as outputs."""

        def __init__(self, model, layers):
            super().__init__()
            self.model, self.layers = model, layers

        def forward(self, ids, mask, *past):
            cache = hf.DynamicCache()
            for layer in range(self.layers):
                cache.update(past[2 * layer], past[2 * layer + 1], layer)
            positions = torch.arange(past[0].shape[2], past[0].shape[2] + ids.shape[1])[None]
            result = self.model(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
            present = [t for layer in result.past_key_values.layers for t in (layer.keys, layer.values)]
            return (result.logits, *present)

    def tiny(name, build, feeds, fields=("logits",), family="transformers", **options):
        def module():
            model = build()
            model.config._attn_implementation = "eager" if options.get("eager") else model.config._attn_implementation
            return Named(model, list(feeds_names(feeds)), fields)

        pytorch(name, module, feeds, family=family, **{k: v for k, v in options.items() if k != "eager"})

    def feeds_names(feeds):
        import inspect

        from cases import SIZES, Random

        return feeds(Random(0), **{n: SIZES[n][0] for n in list(inspect.signature(feeds).parameters)[1:]})

    body = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 99}
    text = lambda r, N, S: {"input_ids": r.ints(90, N, S, low=3), "attention_mask": r.mask(N, S)}
    typed = lambda r, N, S: {**text(r, N, S), "token_type_ids": r.ints(2, N, S)}

    tiny("bert", lambda: hf.BertForSequenceClassification(hf.BertConfig(**body)), typed)
    tiny("bert_hidden", lambda: hf.BertModel(hf.BertConfig(**body)), text, ("last_hidden_state", "pooler_output"))
    tiny("distilbert", lambda: hf.DistilBertForTokenClassification(hf.DistilBertConfig(vocab_size=99, dim=32, n_layers=2, n_heads=4, hidden_dim=64)), text)
    tiny("roberta", lambda: hf.RobertaForMaskedLM(hf.RobertaConfig(**body)), text)
    tiny("electra", lambda: hf.ElectraForQuestionAnswering(hf.ElectraConfig(**body, embedding_size=16)), text, ("start_logits", "end_logits"))
    tiny("albert", lambda: hf.AlbertModel(hf.AlbertConfig(**body, embedding_size=16)), text, ("last_hidden_state",))
    tiny("deberta", lambda: hf.DebertaV2Model(hf.DebertaV2Config(**body, relative_attention=True, pos_att_type=["p2c", "c2p"])), text, ("last_hidden_state",))
    tiny("mpnet", lambda: hf.MPNetModel(hf.MPNetConfig(**body)), text, ("last_hidden_state",))
    tiny("gpt2", lambda: hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=99, n_embd=32, n_layer=2, n_head=4, n_positions=128)), text)
    groups = {**body, "num_key_value_heads": 2, "max_position_embeddings": 128}
    tiny("llama", lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**groups)), text)
    tiny("qwen2", lambda: hf.Qwen2ForCausalLM(hf.Qwen2Config(**groups)), text)
    tiny("mistral_window", lambda: hf.MistralForCausalLM(hf.MistralConfig(**groups, sliding_window=8)), text)
    tiny("gemma", lambda: hf.GemmaForCausalLM(hf.GemmaConfig(**groups, head_dim=8)), text)
    tiny("gpt_neox", lambda: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**body, max_position_embeddings=128)), text)
    tiny("opt", lambda: hf.OPTForCausalLM(hf.OPTConfig(vocab_size=99, hidden_size=32, num_hidden_layers=2, ffn_dim=64, num_attention_heads=4, word_embed_proj_dim=32)), text)
    tiny("phi", lambda: hf.PhiForCausalLM(hf.PhiConfig(**body)), text)

    def with_past(heads, width=8):
        return lambda r, N, S, P: {
            "ids": r.ints(90, N, S, low=3), "mask": r.mask(N, P + S) | 1,
            **{f"past{i}": r.normal(N, heads, P, width) for i in range(4)},
        }  # fmt: skip

    step = {"S": (3, 1, 5)}
    pytorch("gpt2_past", lambda: Cached(hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=99, n_embd=32, n_layer=2, n_head=4)), 2), with_past(4), "transformers", sizes=step)
    pytorch("llama_past", lambda: Cached(hf.LlamaForCausalLM(hf.LlamaConfig(**groups)), 2), with_past(2), "transformers", sizes=step)

    pairs = lambda r, N, S, T: {**text(r, N, S), "decoder_input_ids": r.ints(90, N, T, low=3)}
    tiny("t5", lambda: hf.T5ForConditionalGeneration(hf.T5Config(vocab_size=99, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0)), pairs)
    tiny("t5_encoder", lambda: hf.T5EncoderModel(hf.T5Config(vocab_size=99, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)), text, ("last_hidden_state",))
    halves = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    tiny("bart", lambda: hf.BartForConditionalGeneration(hf.BartConfig(vocab_size=99, **halves, max_position_embeddings=128)), pairs)
    tiny("marian", lambda: hf.MarianMTModel(hf.MarianConfig(vocab_size=99, **halves, max_position_embeddings=128, pad_token_id=1, decoder_start_token_id=1)), pairs)

    whisper = {"vocab_size": 99, "num_mel_bins": 16, **halves, "max_source_positions": 30, "max_target_positions": 64, "pad_token_id": 1, "decoder_start_token_id": 2}

    class WhisperDecoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = hf.WhisperForConditionalGeneration(hf.WhisperConfig(**whisper))

        def forward(self, ids, states):
            y = self.model.model.decoder(input_ids=ids, encoder_hidden_states=states, use_cache=False)[0]
            return self.model.proj_out(y)

    tiny("whisper_encoder", lambda: hf.WhisperModel(hf.WhisperConfig(**whisper)).encoder, lambda r, N: {"input_features": r.normal(N, 16, 60)}, ("last_hidden_state",))
    pytorch("whisper_decoder", WhisperDecoder, lambda r, N, S: {"ids": r.ints(90, N, S), "states": r.normal(N, 30, 32)}, "transformers", sizes={"S": (7, 64, 1)})
    speech = {**body, "conv_dim": (16, 16, 16), "conv_stride": (5, 2, 2), "conv_kernel": (10, 3, 3), "num_feat_extract_layers": 3, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
    tiny("wav2vec2", lambda: hf.Wav2Vec2ForCTC(hf.Wav2Vec2Config(**speech)), lambda r, N, L: {"input_values": r.normal(N, L)})
    tiny("hubert", lambda: hf.HubertModel(hf.HubertConfig(**speech)), lambda r, N, L: {"input_values": r.normal(N, L)}, ("last_hidden_state",))

    small = {"image_size": 64, "patch_size": 16, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    fixed = lambda r, N: {"pixel_values": r.normal(N, 3, 64, 64)}
    sized = lambda r, N, H, W: {"pixel_values": r.normal(N, 3, H, W)}
    tiny("vit", lambda: hf.ViTForImageClassification(hf.ViTConfig(**small)), fixed)
    tiny("deit", lambda: hf.DeiTForImageClassification(hf.DeiTConfig(**small)), fixed)
    tiny("beit", lambda: hf.BeitForImageClassification(hf.BeitConfig(**small)), fixed)
    tiny("dinov2", lambda: hf.Dinov2Model(hf.Dinov2Config(**{k: v for k, v in small.items() if k != "intermediate_size"})), fixed, ("last_hidden_state",))
    tiny("swin_transformers", lambda: hf.SwinForImageClassification(hf.SwinConfig(image_size=64, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4)), fixed)
    tiny("segformer", lambda: hf.SegformerForSemanticSegmentation(hf.SegformerConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 2, 3, 4], decoder_hidden_size=16, num_labels=5)), sized)
    tiny("mobilevit", lambda: hf.MobileViTForImageClassification(hf.MobileViTConfig(image_size=64, hidden_sizes=[16, 24, 32], neck_hidden_sizes=[8, 16, 24, 24, 32, 40, 64], num_attention_heads=4)), fixed)
    tiny("convnext_transformers", lambda: hf.ConvNextModel(hf.ConvNextConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1])), sized, ("last_hidden_state", "pooler_output"))
    clip = {"text_config": {**body, "eos_token_id": 2}, "vision_config": small, "projection_dim": 16}
    tiny("clip", lambda: hf.CLIPModel(hf.CLIPConfig(**clip)), lambda r, N, S: {**text(r, N, S), "pixel_values": r.normal(2, 3, 64, 64)}, ("logits_per_image", "text_embeds"), sizes={"S": (7, 77, 1)})
