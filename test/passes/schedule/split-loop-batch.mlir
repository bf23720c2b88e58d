// RUN: dlc-opt %s --split-input-file --dlc-split-loop-batch | FileCheck %s

// Rows of the state meet in no kernel: the product reads rows of its left operand alone.
// CHECK-LABEL: func.func private @step
// CHECK: dlc.kernel "product" {{.*}} attributes {dlc.row_range = 8 : i64}
// CHECK: dlc.kernel "cell" {{.*}} attributes {dlc.row_range = 8 : i64}
// CHECK-LABEL: func.func @run
// CHECK: dlc.outlined_loop @step {{.*}} {dlc.row_range = 8 : i64}
func.func private @step(%i: tensor<i64>, %h: tensor<32x128xf32>, %x: tensor<32x128xf32>, %w: tensor<128x128xf32>) -> (tensor<32x128xf32>, tensor<32x128xf32>) {
  %z = dlc.kernel "product" kind(contraction) (%h, %w : tensor<32x128xf32>, tensor<128x128xf32>) -> tensor<32x128xf32> {
  ^bb0(%a: tensor<32x128xf32>, %b: tensor<128x128xf32>):
    %0 = dlc.matmul %a, %b : (tensor<32x128xf32>, tensor<128x128xf32>) -> tensor<32x128xf32>
    dlc.yield %0 : tensor<32x128xf32>
  }
  %n = dlc.kernel "cell" kind(elementwise) (%z, %x : tensor<32x128xf32>, tensor<32x128xf32>) -> tensor<32x128xf32> {
  ^bb0(%a: tensor<32x128xf32>, %b: tensor<32x128xf32>):
    %0 = dlc.add %a, %b : (tensor<32x128xf32>, tensor<32x128xf32>) -> tensor<32x128xf32>
    %1 = dlc.tanh %0 : tensor<32x128xf32> -> tensor<32x128xf32>
    dlc.yield %1 : tensor<32x128xf32>
  }
  return %n, %n : tensor<32x128xf32>, tensor<32x128xf32>
}
func.func @run(%h: tensor<32x128xf32>, %x: tensor<64x32x128xf32>, %w: tensor<128x128xf32>) -> tensor<64x32x128xf32> {
  %f, %y = dlc.outlined_loop @step init(%h : tensor<32x128xf32>) scan(%x : tensor<64x32x128xf32>) captures(%w : tensor<128x128xf32>) -> tensor<32x128xf32>, tensor<64x32x128xf32>
  return %y : tensor<64x32x128xf32>
}

// -----

// A batch that is known at run time only.
// CHECK-LABEL: func.func @run
// CHECK: dlc.outlined_loop @step {{.*}} {dlc.row_range = 8 : i64}
func.func private @step(%i: tensor<i64>, %h: tensor<?x16xf32> {dlc.extents = affine_map<()[s0] -> (s0, 16)>}, %x: tensor<?x16xf32> {dlc.extents = affine_map<()[s0] -> (s0, 16)>}) -> (tensor<?x16xf32>, tensor<?x16xf32>) attributes {dlc.step = #dlc.loop_step<symbols = ["N"], loop_carried = 1, scan_outputs = 1>} {
  %n = dlc.kernel "cell" kind(elementwise) (%h, %x : tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32> attributes {input_dims = [affine_map<()[s0] -> (s0, 16)>, affine_map<()[s0] -> (s0, 16)>], symbols = ["N"]} {
  ^bb0(%a: tensor<?x16xf32>, %b: tensor<?x16xf32>):
    %0 = dlc.add %a, %b : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    dlc.yield %0 : tensor<?x16xf32>
  }
  return %n, %n : tensor<?x16xf32>, tensor<?x16xf32>
}
func.func @run(%h: tensor<?x16xf32> {dlc.dims = ["N", 16]}, %x: tensor<64x?x16xf32> {dlc.dims = [64, "N", 16]}) -> tensor<64x?x16xf32> {
  %f, %y = dlc.outlined_loop @step init(%h : tensor<?x16xf32>) scan(%x : tensor<64x?x16xf32>) captures() -> tensor<?x16xf32>, tensor<64x?x16xf32>
  return %y : tensor<64x?x16xf32>
}

// -----

// A sum over rows: each row depends on all others.
// CHECK-LABEL: func.func private @summed
// CHECK-NOT: row_range
// CHECK: return
func.func private @summed(%i: tensor<i64>, %h: tensor<32x128xf32>, %x: tensor<32x128xf32>) -> tensor<32x128xf32> {
  %m = dlc.kernel "sum" kind(reduction) (%h : tensor<32x128xf32>) -> tensor<1x128xf32> {
  ^bb0(%a: tensor<32x128xf32>):
    %0 = dlc.reduce sum %a {axes = array<i64: 0>, keep_dims = true} : tensor<32x128xf32> -> tensor<1x128xf32>
    dlc.yield %0 : tensor<1x128xf32>
  }
  %n = dlc.kernel "cell" kind(elementwise) (%m, %x : tensor<1x128xf32>, tensor<32x128xf32>) -> tensor<32x128xf32> {
  ^bb0(%a: tensor<1x128xf32>, %b: tensor<32x128xf32>):
    %0 = dlc.add %a, %b : (tensor<1x128xf32>, tensor<32x128xf32>) -> tensor<32x128xf32>
    dlc.yield %0 : tensor<32x128xf32>
  }
  return %n : tensor<32x128xf32>
}
func.func @run(%h: tensor<32x128xf32>, %x: tensor<64x32x128xf32>) -> tensor<32x128xf32> {
  %f = dlc.outlined_loop @summed init(%h : tensor<32x128xf32>) scan(%x : tensor<64x32x128xf32>) captures() -> tensor<32x128xf32>
  return %f : tensor<32x128xf32>
}

// -----

// The state as the right operand: a column of the product takes all its rows, though the extents are the same.
// CHECK-LABEL: func.func private @squared
// CHECK-NOT: row_range
// CHECK: return
func.func private @squared(%i: tensor<i64>, %h: tensor<64x64xf32>, %x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %z = dlc.kernel "product" kind(contraction) (%x, %h : tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>):
    %0 = dlc.matmul %a, %b : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    dlc.yield %0 : tensor<64x64xf32>
  }
  return %z : tensor<64x64xf32>
}
func.func @run(%h: tensor<64x64xf32>, %x: tensor<64x64x64xf32>) -> tensor<64x64xf32> {
  %f = dlc.outlined_loop @squared init(%h : tensor<64x64xf32>) scan(%x : tensor<64x64x64xf32>) captures() -> tensor<64x64xf32>
  return %f : tensor<64x64xf32>
}

// -----

// A transposition: its rows are mixed.
// CHECK-LABEL: func.func private @turned
// CHECK-NOT: row_range
// CHECK: return
func.func private @turned(%i: tensor<i64>, %h: tensor<64x64xf32>, %x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %n = dlc.kernel "turn" kind(movement) (%h : tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%a: tensor<64x64xf32>):
    %0 = dlc.transpose %a {permutation = array<i64: 1, 0>} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    dlc.yield %0 : tensor<64x64xf32>
  }
  return %n : tensor<64x64xf32>
}
func.func @run(%h: tensor<64x64xf32>, %x: tensor<64x64x64xf32>) -> tensor<64x64xf32> {
  %f = dlc.outlined_loop @turned init(%h : tensor<64x64xf32>) scan(%x : tensor<64x64x64xf32>) captures() -> tensor<64x64xf32>
  return %f : tensor<64x64xf32>
}

// -----

// Eight rows are too few; four steps of so few elements are over before a second thread would be awake.
// CHECK-LABEL: func.func private @few_rows
// CHECK-NOT: row_range
// CHECK-LABEL: func.func @run
// CHECK-NOT: row_range
// CHECK: return
func.func private @few_rows(%i: tensor<i64>, %h: tensor<8x128xf32>, %x: tensor<8x128xf32>) -> tensor<8x128xf32> {
  %n = dlc.kernel "cell" kind(elementwise) (%h, %x : tensor<8x128xf32>, tensor<8x128xf32>) -> tensor<8x128xf32> {
  ^bb0(%a: tensor<8x128xf32>, %b: tensor<8x128xf32>):
    %0 = dlc.add %a, %b : (tensor<8x128xf32>, tensor<8x128xf32>) -> tensor<8x128xf32>
    dlc.yield %0 : tensor<8x128xf32>
  }
  return %n : tensor<8x128xf32>
}
func.func private @few_steps(%i: tensor<i64>, %h: tensor<32x16xf32>, %x: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %n = dlc.kernel "cell" kind(elementwise) (%h, %x : tensor<32x16xf32>, tensor<32x16xf32>) -> tensor<32x16xf32> {
  ^bb0(%a: tensor<32x16xf32>, %b: tensor<32x16xf32>):
    %0 = dlc.add %a, %b : (tensor<32x16xf32>, tensor<32x16xf32>) -> tensor<32x16xf32>
    dlc.yield %0 : tensor<32x16xf32>
  }
  return %n : tensor<32x16xf32>
}
func.func @run(%h: tensor<8x128xf32>, %x: tensor<64x8x128xf32>, %g: tensor<32x16xf32>, %z: tensor<4x32x16xf32>) -> (tensor<8x128xf32>, tensor<32x16xf32>) {
  %f = dlc.outlined_loop @few_rows init(%h : tensor<8x128xf32>) scan(%x : tensor<64x8x128xf32>) captures() -> tensor<8x128xf32>
  %s = dlc.outlined_loop @few_steps init(%g : tensor<32x16xf32>) scan(%z : tensor<4x32x16xf32>) captures() -> tensor<32x16xf32>
  return %f, %s : tensor<8x128xf32>, tensor<32x16xf32>
}

// -----

// The number of the step is one buffer, which threads at different steps would write.
// CHECK-LABEL: func.func private @numbered
// CHECK-NOT: row_range
// CHECK: return
func.func private @numbered(%i: tensor<i64>, %h: tensor<32x128xf32>, %x: tensor<32x128xf32>) -> tensor<32x128xf32> {
  %n = dlc.kernel "cell" kind(elementwise) (%i, %h : tensor<i64>, tensor<32x128xf32>) -> tensor<32x128xf32> {
  ^bb0(%a: tensor<i64>, %b: tensor<32x128xf32>):
    %0 = dlc.cast %a {to = f32} : tensor<i64> -> tensor<f32>
    %1 = dlc.add %b, %0 : (tensor<32x128xf32>, tensor<f32>) -> tensor<32x128xf32>
    dlc.yield %1 : tensor<32x128xf32>
  }
  return %n : tensor<32x128xf32>
}
func.func @run(%h: tensor<32x128xf32>, %x: tensor<64x32x128xf32>) -> tensor<32x128xf32> {
  %f = dlc.outlined_loop @numbered init(%h : tensor<32x128xf32>) scan(%x : tensor<64x32x128xf32>) captures() -> tensor<32x128xf32>
  return %f : tensor<32x128xf32>
}

// -----

// Six rows a range keep two and four threads equally busy with 24.
// CHECK-LABEL: func.func @run
// CHECK: dlc.outlined_loop @step {{.*}} {dlc.row_range = 6 : i64}
func.func private @step(%i: tensor<i64>, %h: tensor<24x128xf32>, %x: tensor<24x128xf32>) -> tensor<24x128xf32> {
  %n = dlc.kernel "cell" kind(elementwise) (%h, %x : tensor<24x128xf32>, tensor<24x128xf32>) -> tensor<24x128xf32> {
  ^bb0(%a: tensor<24x128xf32>, %b: tensor<24x128xf32>):
    %0 = dlc.add %a, %b : (tensor<24x128xf32>, tensor<24x128xf32>) -> tensor<24x128xf32>
    dlc.yield %0 : tensor<24x128xf32>
  }
  return %n : tensor<24x128xf32>
}
func.func @run(%h: tensor<24x128xf32>, %x: tensor<64x24x128xf32>) -> tensor<24x128xf32> {
  %f = dlc.outlined_loop @step init(%h : tensor<24x128xf32>) scan(%x : tensor<64x24x128xf32>) captures() -> tensor<24x128xf32>
  return %f : tensor<24x128xf32>
}
