// SPDX-License-Identifier: Apache-2.0
// Selecting elements: the largest ones, and random numbers to select by.
#ifndef DLC_OPS_SELECTION
#define DLC_OPS_SELECTION

include "ir/DlcBase.td"

class Dlc_TopK<string opMnemonic, string text> : Dlc_GraphOp<opMnemonic> {
  let summary = text;
  let arguments = (ins Dlc_Tensor:$x, I64Attr:$k, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$smallest);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::topKDims(location, dims[0], adaptor.getK(), adaptor.getAxis(), result)";
}
def Dlc_TopKOp : Dlc_TopK<"top_k", "The k largest elements along `axis`, in order"> {
  let description = [{
    Of equal elements the first comes first; NaN is larger than every number. With `smallest` the k smallest, in order.

    ```mlir
    %v = dlc.top_k %x {k = 3 : i64, axis = 1 : i64} : tensor<?x65xf32> -> tensor<?x3xf32>
    ```
  }];
}
def Dlc_TopKIndicesOp : Dlc_TopK<"top_k_indices", "The indices along `axis` of the elements of `dlc.top_k`, as i64"> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}

def Dlc_RandomUniformOp : Dlc_GraphOp<"random_uniform"> {
  let summary = "Random numbers between 0 and 1 in the shape of `like`, as a function of a seed and a counter";
  let description = [{
    f32, neither 0 nor 1: element i (row-major) is `((w >> 9) + 0.5) / 2^23` for the first word w of the block that
    Philox4x32-10 (Salmon et al., 2011) computes from the key `seed` and the counter
    `(i, 0, counter mod 2^32, counter / 2^32)`. So equal seeds and counters give the same bits on any target and any
    number of threads, and two counters give independent numbers. The elements of `like` are not read.

    ```mlir
    %u = dlc.random_uniform %seed, %step, %logits : (tensor<i64>, tensor<i64>, tensor<1x65xf32>) -> tensor<1x65xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$seed, Dlc_Tensor:$counter, Dlc_Tensor:$like);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
  let shapeRule = "::dlc::copyDims(dims[2], result)";
  let elementTypeRule = "::mlir::Float32Type::get(context)";
  let hasVerifier = 1;
}

#endif // DLC_OPS_SELECTION
