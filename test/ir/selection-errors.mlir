// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @more_than_there_are(%x: tensor<4x5xf32>) {
  // expected-error@+2 {{the 6 largest of 5 elements}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.top_k %x {axis = 1 : i64, k = 6 : i64} : tensor<4x5xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @no_such_axis(%x: tensor<4x5xf32>) {
  // expected-error@+2 {{axis 2 is not one of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.top_k_indices %x {axis = 2 : i64, k = 1 : i64} : tensor<4x5xf32> -> tensor<4x1xi64>
  return
}

// -----

func.func @seed_of_another_type(%seed: tensor<i32>, %step: tensor<i64>, %like: tensor<4xf32>) {
  // expected-error@+1 {{expects seed and counter of type tensor<i64>, got 'tensor<i32>'}}
  %0 = dlc.random_uniform %seed, %step, %like : (tensor<i32>, tensor<i64>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @update_of_another_shape(%x: tensor<4x5xf32>, %u: tensor<3x2xf32>, %p: tensor<i64>) {
  // expected-error@+2 {{an update of extent 3 for extent 4 of dimension 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.update_slice %x, %u, %p {axis = 1 : i64} : (tensor<4x5xf32>, tensor<3x2xf32>, tensor<i64>) -> tensor<4x5xf32>
  return
}

// -----

func.func @position_with_dimensions(%x: tensor<4x5xf32>, %u: tensor<4x2xf32>, %p: tensor<1xi64>) {
  // expected-error@+2 {{a position is a tensor of rank 0, got rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.update_slice %x, %u, %p {axis = 1 : i64} : (tensor<4x5xf32>, tensor<4x2xf32>, tensor<1xi64>) -> tensor<4x5xf32>
  return
}
