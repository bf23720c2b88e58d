// RUN: dlc-opt %s --dlc-form-kernels --mlir-print-local-scope | FileCheck %s

// Extents that are known at run time only become symbols of the kernels that see them.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%x: tensor<?x4xf32> {dlc.name = "x", dlc.dims = ["N", 4]}) -> tensor<?xf32> {
  // CHECK: dlc.kernel {{.*}} kind( reduction) {{.*}} attributes {input_dims = [affine_map<()[s0] -> (s0, 4)>], symbols = ["N"]}
  // CHECK: dlc.kernel {{.*}} attributes {input_dims = [affine_map<()[s0] -> (s0)>], symbols = ["N"]}
  %s = dlc.reduce sum %x {axes = array<i64: 1>} : tensor<?x4xf32> -> tensor<?xf32>
  %y = dlc.exp %s : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// A reshape renames memory; where that memory is the caller's already, it is copied.
// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x2xf32>, tensor<2x3xf32>) {
  // CHECK: %[[E:.*]] = dlc.kernel "exp"
  // CHECK: %[[A:.*]] = dlc.reshape %[[E]]
  // CHECK: %[[B:.*]] = dlc.reshape %[[E]]
  // CHECK: %[[COPY:.*]] = dlc.kernel "copy" kind( movement) (%[[B]] :
  // CHECK: %[[X:.*]] = dlc.kernel "copy" kind( movement) (%arg0 :
  // CHECK: return %[[A]], %[[COPY]], %[[X]]
  %e = dlc.exp %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %a = dlc.reshape %e {shape = array<i64: 6>} : (tensor<2x3xf32>) -> tensor<6xf32>
  %b = dlc.reshape %e {shape = array<i64: 3, 2>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %a, %b, %x : tensor<6xf32>, tensor<3x2xf32>, tensor<2x3xf32>
}
