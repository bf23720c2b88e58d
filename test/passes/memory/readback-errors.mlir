// RUN: dlc-opt %s --dlc-outline-loops --dlc-form-kernels --dlc-tile --dlc-lower-to-program --split-input-file --verify-diagnostics

// Where an extent is read back a run may fail, and variables must be as before.
dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>
func.func @train(%w: tensor<4xf32> {dlc.variable = "w"}, %n: tensor<i64> {dlc.name = "n"})
    -> (tensor<4xf32> {dlc.variable = "w"}, tensor<?xi64> {dlc.name = "y"}) {
  // expected-note@+1 {{which this writes}}
  %new = dlc.exp %w : tensor<4xf32> -> tensor<4xf32>
  // expected-error@+1 {{comes after a variable or a state has got its new value}}
  %s = dlc.readback %n {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  %y = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  return %new, %y : tensor<4xf32>, tensor<?xi64>
}

// -----

// The same where a step of a loop reads.
dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>
func.func @train_step(%w: tensor<4xf32> {dlc.variable = "w"}, %n: tensor<i64> {dlc.name = "n"})
    -> (tensor<4xf32> {dlc.variable = "w"}, tensor<i64> {dlc.name = "y"}) {
  // expected-note@+1 {{which this writes}}
  %new = dlc.exp %w : tensor<4xf32> -> tensor<4xf32>
  // expected-error@+1 {{comes after a variable or a state has got its new value}}
  %y = dlc.loop init(%n : tensor<i64>) scan() {trip_count = 3 : i64} -> tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: tensor<i64>):
    %s = dlc.readback %before {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
    %i = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
    %after = dlc.reduce sum %i {axes = array<i64: 0>, keep_dims = false} : tensor<?xi64> -> tensor<i64>
    dlc.next %after : tensor<i64>
  }
  return %new, %y : tensor<4xf32>, tensor<i64>
}

// -----

func.func @run(%n: tensor<i64> {dlc.name = "n"}) -> (tensor<?xi64> {dlc.name = "y"}) {
  %s = dlc.readback %n {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  // expected-error@+1 {{defines the extent 'n', which exists already}}
  %t = dlc.readback %n {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  %y = dlc.concat %s, %t {axis = 0 : i64} : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1>
  %z = dlc.index %y {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  return %z : tensor<?xi64>
}
