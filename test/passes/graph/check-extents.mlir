// RUN: dlc-opt %s --dlc-check-extents --split-input-file | FileCheck %s

// Two names may differ in a run; a number is what the other extent must be.
// CHECK: #[[NAMES:.*]] = affine_map<()[s0, s1] -> (s0, s1)>
// CHECK: #[[NUMBER:.*]] = affine_map<()[s0, s1] -> (s1, 8)>
// CHECK-LABEL: func.func @add
// CHECK-SAME: dlc.extent_checks = #dlc.extent_checks<symbols = ["N", "M"], checks = [
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[NAMES]], what = "add">,
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[NUMBER]], what = "mul">]>
func.func @add(%x: tensor<?x4xf32> {dlc.dims = ["N", 4]}, %y: tensor<?x4xf32> {dlc.dims = ["M", 4]}, %z: tensor<8x1xf32>) -> (tensor<?x4xf32>, tensor<8x4xf32>) {
  %0 = dlc.add %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = dlc.mul %y, %z : (tensor<?x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<8x4xf32>
}

// -----

// What shape functions require: as many channels as the weight takes, and square matrices. The operand of an expand has the extents of
// the result where it is not broadcast.
// CHECK: #[[CHANNELS:.*]] = affine_map<()[s0, s1, s2] -> (s1, 3)>
// CHECK: #[[SQUARE:.*]] = affine_map<()[s0, s1, s2] -> (s0, s2)>
// CHECK: #[[ROWS:.*]] = affine_map<()[s0, s1, s2] -> (s0, 2)>
// CHECK: #[[COLUMNS:.*]] = affine_map<()[s0, s1, s2] -> (s2, 5)>
// CHECK-LABEL: func.func @required
// CHECK-SAME: checks = [#dlc.extent_check<relation = equal, values = #[[CHANNELS]], what = "conv">,
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[SQUARE]], what = "determinant">,
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[ROWS]], what = "expand">,
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[COLUMNS]], what = "expand">]>
func.func @required(%x: tensor<?x?x9xf32> {dlc.dims = ["N", "C", 9]}, %m: tensor<?x?xf32> {dlc.dims = ["N", "K"]}) -> (tensor<?x4x7xf32>, tensor<f32>, tensor<2x5xf32>) {
  %w = dlc.constant dense<1.0> : tensor<4x3x3xf32> : tensor<4x3x3xf32>
  %0 = dlc.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<?x?x9xf32>, tensor<4x3x3xf32>) -> tensor<?x4x7xf32>
  %1 = dlc.determinant %m : tensor<?x?xf32> -> tensor<f32>
  %2 = dlc.expand %m {shape = array<i64: 2, 5>} : (tensor<?x?xf32>) -> tensor<2x5xf32>
  return %0, %1, %2 : tensor<?x4x7xf32>, tensor<f32>, tensor<2x5xf32>
}

// -----

// Equal expressions need no check, in whatever order they are written.
// CHECK-LABEL: func.func @same
// CHECK-NOT: extent_checks
func.func @same(%x: tensor<?x?xf32> {dlc.dims = ["N", "S"]}, %y: tensor<?x?xf32> {dlc.dims = ["S", "N"]}) -> tensor<?xf32> {
  %0 = dlc.reshape %x {shape = array<i64: -1>} : (tensor<?x?xf32>) -> tensor<?xf32>
  %1 = dlc.reshape %y {shape = array<i64: -1>} : (tensor<?x?xf32>) -> tensor<?xf32>
  %2 = dlc.add %0, %1 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

// CHECK: #[[SHAPE:.*]] = affine_map<()[s0] -> (s0 - 3, 0)>
// CHECK: #[[RESHAPE:.*]] = affine_map<()[s0] -> (s0 * 4, {{.*}})>
// CHECK: #[[SLICE:.*]] = affine_map<()[s0] -> (s0, 5)>
// CHECK-LABEL: func.func @sizes
// CHECK-SAME: #dlc.extent_check<relation = at_least, values = #[[SHAPE]], what = "shape">
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[RESHAPE]], what = "reshape_like">
// CHECK-SAME: #dlc.extent_check<relation = at_least, values = #[[SLICE]], what = "slice">
func.func @sizes(%x: tensor<?x4xf32> {dlc.dims = ["N", 4]}) -> (tensor<?x2xf32>, tensor<2x4xf32>) {
  %s = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 - 3, 2)>} : (tensor<?x4xf32>) -> tensor<?x2xi1>
  %0 = dlc.reshape_like %x, %s : (tensor<?x4xf32>, tensor<?x2xi1>) -> tensor<?x2xf32>
  %1 = dlc.slice %x {starts = array<i64: 3, 0>, sizes = array<i64: 2, -1>, steps = array<i64: 1, 1>} : (tensor<?x4xf32>) -> tensor<2x4xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<2x4xf32>
}

// -----

// CHECK: #[[PRODUCT:.*]] = affine_map<()[s0, s1] -> (s0, s1)>
// CHECK-LABEL: func.func @product
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[PRODUCT]], what = "matmul">
func.func @product(%x: tensor<4x?xf32> {dlc.dims = [4, "K"]}, %y: tensor<?x3xf32> {dlc.dims = ["L", 3]}) -> tensor<4x3xf32> {
  %0 = dlc.matmul %x, %y : (tensor<4x?xf32>, tensor<?x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// An extent that may be 1 is that of the result elsewhere; a dimension that is not open is equal to its own.
// CHECK: #[[OTHER:.*]] = affine_map<()[s0, s1, s2, s3] -> (s2, s0)>
// CHECK: #[[OPEN:.*]] = affine_map<()[s0, s1, s2, s3] -> (s3, s1 + ({{.*}}floordiv{{.*}}) * (-s1 + s3))>
// CHECK-LABEL: func.func @open_broadcast
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[OTHER]], what = "expand_like">
// CHECK-SAME: #dlc.extent_check<relation = equal, values = #[[OPEN]], what = "expand_like">
func.func @open_broadcast(%x: tensor<?x?xf32> {dlc.dims = ["K", "N"]}, %y: tensor<?x?xi1> {dlc.dims = ["L", "M"]}) -> tensor<?x?xf32> {
  %0 = dlc.expand_like %x, %y {open = array<i64: 1>} : (tensor<?x?xf32>, tensor<?x?xi1>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// What an importer has noted of other symbols stays where nothing computes one of them any more.
// CHECK: #[[KEPT:.*]] = affine_map<()[s0, s1] -> (s0, s1)>
// CHECK-LABEL: func.func @imported
// CHECK-SAME: symbols = ["N", "M"], checks = [#dlc.extent_check<relation = equal, values = #[[KEPT]], what = "kept">]>
func.func @imported(%x: tensor<?x?xf32> {dlc.dims = ["N", "M"]}) -> tensor<?x?xf32> attributes {
    dlc.extent_checks = #dlc.extent_checks<symbols = ["N", "gone", "M"], checks = [
      #dlc.extent_check<relation = equal, values = affine_map<()[s0, s1, s2] -> (s0, s2)>, what = "kept">,
      #dlc.extent_check<relation = equal, values = affine_map<()[s0, s1, s2] -> (s0, s1)>, what = "dropped">]>} {
  return %x : tensor<?x?xf32>
}
