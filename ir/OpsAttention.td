// SPDX-License-Identifier: Apache-2.0
// Attention.
#ifndef DLC_OPS_ATTENTION
#define DLC_OPS_ATTENTION

include "ir/DlcBase.td"

def Dlc_AttentionOp : Dlc_GraphOp<"attention", [AttrSizedOperandSegments] # Dlc_SumOfProducts> {
  let kernelKind = "Attention";
  let summary = "softmax(scale query key^T + mask) value, per head";
  let description = [{
    `query: [B, H, S, D]`, `key: [B, G, T, D]`, `value: [B, G, T, E]` give `[B, H, S, E]`; G divides H, and H / G
    neighbouring heads of the query share one of key and value. D and E are known at compile time.

    - `softcap` c > 0 replaces a score s by `c tanh(s / c)`, before masks.
    - `mask` broadcasts to `[B, H, S, T]`: numbers are added to the scores, an i1 says which keys a query attends to.
    - `lengths: [B]` (integers) is the number of the T keys that exist; without it, all do.
    - `left` and `right` bound what a query attends to around its position among the keys: query i is at
      `p = i + offset`, or with `from_end` at `p = i + offset + keys - S` (keys: `lengths[b]`, or T), and attends to
      keys `p - left` to `p + right`. `right = 0` is causal attention; a missing bound does not limit.

    A query that attends to no key gets zeros. Scores and sums are in f32 or wider; the matrix of scores is never stored
    whole.

    ```mlir
    %y = dlc.attention %q, %k, %v {scale = 0.125 : f64, right = 0 : i64}
       : (tensor<?x12x128x64xf32>, tensor<?x12x128x64xf32>, tensor<?x12x128x64xf32>) -> tensor<?x12x128x64xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$query, Dlc_Tensor:$key, Dlc_Tensor:$value, Optional<Dlc_Tensor>:$mask,
                       Optional<Dlc_Tensor>:$lengths, F64Attr:$scale, DefaultValuedAttr<F64Attr, "0.0">:$softcap,
                       OptionalAttr<I64Attr>:$left, OptionalAttr<I64Attr>:$right,
                       DefaultValuedAttr<I64Attr, "0">:$offset, DefaultValuedAttr<BoolAttr, "false">:$from_end);
  let assemblyFormat = [{$query `,` $key `,` $value (`mask` $mask^ `:` type($mask))? (`lengths` $lengths^ `:` type($lengths))?
    attr-dict `:` `(` type($query) `,` type($key) `,` type($value) `)` `->` type($result)}];
  let ownDeclarations = [{
    /// Query i attends to the keys at `p + first` to `p + last`, where p is i, or with `from_end` `i + keys - S`; null
    /// without that bound. Distances end at +-2^62, beyond all positions.
    ::std::optional<int64_t> getFirstDistance();
    ::std::optional<int64_t> getLastDistance();
  }];
  let hasVerifier = 1;
}

#endif // DLC_OPS_ATTENTION
