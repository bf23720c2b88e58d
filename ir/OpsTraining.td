// SPDX-License-Identifier: Apache-2.0
// Differentiation, and parameters that change.
#ifndef DLC_OPS_TRAINING
#define DLC_OPS_TRAINING

include "ir/DlcElementwise.td"

def Dlc_GradientOp : Dlc_Op<"gradient", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Gradients of the sum of a tensor's elements with respect to other tensors";
  let description = [{
    Result i is the derivative of the sum of `of`'s elements with respect to `with_respect_to[i]`, and has that tensor's
    type. A tensor that `of` does not depend on has a gradient of zeros. `--dlc-differentiate` replaces this op by ops
    that compute it; loads of one parameter count as one tensor.

    ```mlir
    %dw, %db = dlc.gradient %loss with_respect_to(%w, %b : tensor<10x4xf32>, tensor<10xf32>) : tensor<f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$of, Variadic<Dlc_Tensor>:$with_respect_to);
  let results = (outs Variadic<Dlc_Tensor>:$gradients);
  let assemblyFormat = "$of `with_respect_to` `(` $with_respect_to `:` type($with_respect_to) `)` attr-dict `:` type($of)";
  let hasVerifier = 1;
}

def Dlc_StopGradientOp : Dlc_ElementwiseOp<"stop_gradient"> {
  let summary = "The operand, through which no gradient passes";
  let arguments = (ins Dlc_Tensor:$x);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::copyDims(dims[0], result)";
}

def Dlc_AssignOp : Dlc_Op<"assign"> {
  let summary = "Gives a parameter the value that it has after this run";
  let description = [{
    Every `dlc.load_parameter` of a function gives the value of the parameter when the function began, wherever the load
    is; a function assigns a parameter once. If a run fails, parameters may be the old or the new ones.

    ```mlir
    dlc.assign @w, %w1 : tensor<10x4xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter, Dlc_Tensor:$value);
  let assemblyFormat = "$parameter `,` $value attr-dict `:` type($value)";
}

def Dlc_ApplyGradientsOp : Dlc_Op<"apply_gradients"> {
  let summary = "One step of an optimizer: updates parameters by their gradients";
  let description = [{
    `parameters[i]` is updated by `gradients[i]` with the learning rate `rate` (rank 0). `optimizer` has a `name`
    ("sgd", "rmsprop", "adagrad", "adam", "adamw") and that optimizer's hyperparameters; `--dlc-add-optimizer` declares
    the additional parameters that it needs (`slot`s, called `SCOPE.SLOT.PARAMETER`) and writes the update.
    `accumulate`: the mean of the gradients of so many runs makes one update. `rates`, factors of the learning rate,
    `weight_decays` and the `max_norms` of the weights of each output (0: no limit) have one number per parameter.

    ```mlir
    dlc.apply_gradients [@w, @b] rate(%rate : tensor<f32>) gradients(%dw, %db : tensor<10x4xf32>, tensor<10xf32>)
      {optimizer = {name = "sgd", momentum = 0.9 : f64}, scope = "optimizer"}
    ```
  }];
  let arguments = (ins ArrayAttr:$parameters, Dlc_Tensor:$rate, Variadic<Dlc_Tensor>:$gradients, DictionaryAttr:$optimizer,
                       StrAttr:$scope, OptionalAttr<I64Attr>:$accumulate, OptionalAttr<DenseF64ArrayAttr>:$rates,
                       OptionalAttr<DenseF64ArrayAttr>:$weight_decays, OptionalAttr<DenseF64ArrayAttr>:$max_norms);
  let assemblyFormat = [{$parameters `rate` `(` $rate `:` type($rate) `)` `gradients` `(` $gradients `:` type($gradients) `)`
    attr-dict}];
}

#endif // DLC_OPS_TRAINING
