// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @wrong_symbols(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{a map of 0 dimensions and 1 symbols for operands with 2 extents}}
  %0 = dlc.custom "f" (%x : tensor<?x3xf32>) {types = [f32], dims = [affine_map<()[s0] -> (s0)>]} -> tensor<?xf32>
  return
}

// -----

func.func @types(%x: tensor<3xf32>) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{one type and one list of extents for each result, got 2 and 1}}
  %0 = dlc.custom "f" (%x : tensor<3xf32>) {types = [f32, f32], dims = [affine_map<()[s0] -> (s0)>]} -> tensor<3xf32>
  return
}

// -----

func.func @pairs(%x: tensor<3xf32>) {
  // expected-error@+1 {{has an extent without another that it equals}}
  %0 = dlc.custom "f" (%x : tensor<3xf32>) {types = [f32], dims = [affine_map<()[s0] -> (s0)>], equal = affine_map<()[s0] -> (s0)>} -> tensor<3xf32>
  return
}

// -----

func.func @no_function(%x: tensor<3xf32>) {
  // expected-error@+1 {{is not in the block of the dlc.custom that gives it}}
  %0 = dlc.custom_result 1 of %x (%x : tensor<3xf32>) : tensor<3xf32> -> tensor<3xf32>
  return
}
