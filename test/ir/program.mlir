// RUN: dlc-opt %s --mlir-print-local-scope | dlc-opt --mlir-print-local-scope | FileCheck %s
// Parameters, kernels, and the ops of programs print and parse.

// CHECK: dlc.parameter @weight : tensor<2x3xf32> = dense<1.000000e+00> : tensor<2x3xf32>
dlc.parameter @weight : tensor<2x3xf32> = dense<1.0> : tensor<2x3xf32>
// CHECK: dlc.parameter @bias : tensor<2xf32> initializer {name = "zeros"}
dlc.parameter @bias : tensor<2xf32> initializer {name = "zeros"}
// CHECK: dlc.weights 64 offsets [0] types [tensor<2xf32>] values [dense<1.000000e+00> : tensor<2xf32>]
dlc.weights 64 offsets [0] types [tensor<2xf32>] values [dense<1.0> : tensor<2xf32>]

// CHECK-LABEL: func.func @graph
func.func @graph(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  // CHECK: dlc.load_parameter @weight : tensor<2x3xf32>
  %w = dlc.load_parameter @weight : tensor<2x3xf32>
  // CHECK: %[[PACKED:.*]] = dlc.pack %{{.*}} : tensor<2x3xf32> -> tensor<2x3xf32, #dlc.layout<order = [1, 0]>>
  %p = dlc.pack %w : tensor<2x3xf32> -> tensor<2x3xf32, #dlc.layout<order = [1, 0]>>
  // CHECK: dlc.unpack %[[PACKED]] : tensor<2x3xf32, #dlc.layout<order = [1, 0]>> -> tensor<2x3xf32>
  %u = dlc.unpack %p : tensor<2x3xf32, #dlc.layout<order = [1, 0]>> -> tensor<2x3xf32>
  // CHECK: dlc.kernel "dense" kind({{ ?}}contraction) (%{{.*}}, %{{.*}} : tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
  // CHECK-SAME: attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 0, tiles = {m = 6 : i64}>]}
  %y = dlc.kernel "dense" kind(contraction) (%x, %u : tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 0, tiles = {m = 6 : i64}>]} {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<2x3xf32>):
    // CHECK: dlc.matmul
    %m = dlc.matmul %a, %b {transpose_rhs = true} : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
    // CHECK: dlc.yield %{{.*}} : tensor<?x2xf32>
    dlc.yield %m : tensor<?x2xf32>
  }
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: dlc.kernel_func @double kind({{ ?}}elementwise) attributes {input_dims = [affine_map<()[s0] -> (s0)>], symbols = ["N"]}
dlc.kernel_func @double kind(elementwise) attributes {input_dims = [affine_map<()[s0] -> (s0)>], symbols = ["N"]} {
^bb0(%x: tensor<?xf32>):
  %y = dlc.add %x, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  dlc.yield %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @program
func.func @program(%x: memref<?xi8>, %y: memref<?xi8>, %n: index) {
  // CHECK: dlc.launch @double "layer1" ins(%{{.*}} : memref<?xi8>) out(%{{.*}} : memref<?xi8>) symbols(%{{.*}})
  dlc.launch @double "layer1" ins(%x : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
  // CHECK: dlc.launch_table 1 kernels [@double] words [0, 1, 0, 0, 0, 8, 64] values [1, 0, 0, 0] largest 1 terms(%{{.*}})
  dlc.launch_table 1 kernels [@double] words [0, 1, 0, 0, 0, 8, 64] values [1, 0, 0, 0] largest 1 terms(%n)
  // CHECK: %[[FOUND:.*]] = dlc.read_extent 1 "layer1" from %{{.*}} : memref<?xi8> bound %{{.*}}
  %found = dlc.read_extent 1 "layer1" from %x : memref<?xi8> bound %n
  // CHECK: dlc.read_extent 2 "layer1" from %{{.*}} : memref<?xi8>
  %any = dlc.read_extent 2 "layer1" from %x : memref<?xi8>
  // CHECK: dlc.reserve 0 bytes affine_map<()[s0] -> (s0 * 4)> symbols(%[[FOUND]]) : memref<?xi8>
  %segment = dlc.reserve 0 bytes affine_map<()[s0] -> (s0 * 4)> symbols(%found) : memref<?xi8>
  // CHECK: dlc.reserve 1 bytes affine_map<()[s0] -> (s0)> output 3 symbols(%{{.*}}) : memref<?xi8>
  %output = dlc.reserve 1 bytes affine_map<()[s0] -> (s0)> output 3 symbols(%any) : memref<?xi8>
  // CHECK: dlc.commit
  dlc.commit
  // CHECK: dlc.fill_halo %{{.*}} : memref<?xi8> symbols(%{{.*}}) {dims = affine_map<()[s0] -> (s0, 4)>,
  // CHECK-SAME: tensor = tensor<?x4xf32, #dlc.layout<order = [0, 1], halo_low = [0, 1], halo_high = [0, 1]>>}
  dlc.fill_halo %y : memref<?xi8> symbols(%n) {dims = affine_map<()[s0] -> (s0, 4)>,
      tensor = tensor<?x4xf32, #dlc.layout<order = [0, 1], halo_low = [0, 1], halo_high = [0, 1]>>}
  // CHECK: dlc.check_extents [{kind = "equal", values = affine_map<()[s0] -> (s0, 4)>, what = "sum"}] symbols(%{{.*}})
  dlc.check_extents [{kind = "equal", values = affine_map<()[s0] -> (s0, 4)>, what = "sum"}] symbols(%n)
  return
}
