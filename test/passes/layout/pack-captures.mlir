// RUN: dlc-opt %s --dlc-bind-loop-shapes --dlc-pack-captures --mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func.func private @step
// CHECK-SAME: %[[W:arg3]]: tensor<64x8xf32>{{.*}}, %[[P:arg4]]: tensor<64x8xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]>>
// CHECK: dlc.matmul %arg2, %[[P]] {transpose_rhs = true}
func.func private @step(%step: tensor<i64>, %h: tensor<2x64xf32>, %x: tensor<2x8xf32>, %w: tensor<64x8xf32>) -> tensor<2x64xf32> {
  %0 = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<2x8xf32>, tensor<64x8xf32>) -> tensor<2x64xf32>
  %1 = dlc.add %h, %0 : (tensor<2x64xf32>, tensor<2x64xf32>) -> tensor<2x64xf32>
  return %1 : tensor<2x64xf32>
}
// CHECK-LABEL: func.func @run
func.func @run(%h: tensor<2x64xf32>, %x: tensor<5x2x8xf32>, %w: tensor<64x8xf32>) -> tensor<2x64xf32> {
  // CHECK: %[[PACKED:.*]] = dlc.pack %arg2
  // CHECK: dlc.outlined_loop @step {{.*}} captures(%arg2, %[[PACKED]] :
  %0 = dlc.outlined_loop @step init(%h : tensor<2x64xf32>) scan(%x : tensor<5x2x8xf32>) captures(%w : tensor<64x8xf32>) -> tensor<2x64xf32>
  return %0 : tensor<2x64xf32>
}
