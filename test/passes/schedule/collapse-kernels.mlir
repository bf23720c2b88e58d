// RUN: dlc-opt %s --dlc-collapse-kernels --split-input-file --mlir-print-local-scope | FileCheck %s

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0, grain = 160>

// All operands alike: one loop. The schedule has been decided on it, and stays.
// CHECK-LABEL: dlc.kernel_func @whole
// CHECK-SAME: input_dims = [affine_map<() -> (1605632)>, affine_map<() -> (1605632)>]
// CHECK-SAME: schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0, grain = 160>]
// CHECK: dlc.add {{.*}} : (tensor<1605632xf32>, tensor<1605632xf32>) -> tensor<1605632xf32>
dlc.kernel_func @whole kind(elementwise) attributes {dlc.collapse = [[0, 2, 3, 1]], schedules = [#s]} {
^bb0(%x: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, %y: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>):
  %z = dlc.add %x, %y : (tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  dlc.yield %z : tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}

// -----

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0, grain = 8>

// A value per channel keeps the channels apart; a dynamic extent takes part in a product.
// CHECK-LABEL: dlc.kernel_func @per_channel
// CHECK-SAME: input_dims = [affine_map<()[s0] -> (s0, 64, 49)>, affine_map<()[s0] -> (1, 64, 1)>]
// CHECK: ^bb0(%{{.*}}: tensor<?x64x49xf32>, %{{.*}}: tensor<1x64x1xf32>):
dlc.kernel_func @per_channel kind(elementwise) attributes {dlc.collapse = [[0], [1], [2, 3]], schedules = [#s], symbols = ["N"], input_dims = [affine_map<()[s0] -> (s0, 64, 7, 7)>, affine_map<()[s0] -> (64, 1, 1)>]} {
^bb0(%x: tensor<?x64x7x7xf32>, %b: tensor<64x1x1xf32>):
  %y = dlc.mul %x, %b : (tensor<?x64x7x7xf32>, tensor<64x1x1xf32>) -> tensor<?x64x7x7xf32>
  dlc.yield %y : tensor<?x64x7x7xf32>
}

// -----

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, tiles = {unroll = 4 : i64}>

// Reduced dimensions merge with each other only, and the epilogue follows.
// CHECK-LABEL: dlc.kernel_func @mean
// CHECK: dlc.reduce mean %{{.*}} {axes = array<i64: 1>, keep_dims = true} : tensor<128x49xf32> -> tensor<128x1xf32>
// CHECK: dlc.relu %{{.*}} : tensor<128x1xf32> -> tensor<128x1xf32>
dlc.kernel_func @mean kind(reduction) attributes {dlc.collapse = [[0, 1], [2, 3]], schedules = [#s]} {
^bb0(%x: tensor<2x64x7x7xf32>):
  %m = dlc.reduce mean %x {axes = array<i64: 2, 3>} : tensor<2x64x7x7xf32> -> tensor<2x64xf32>
  %r = dlc.relu %m : tensor<2x64xf32> -> tensor<2x64xf32>
  dlc.yield %r : tensor<2x64xf32>
}

// -----

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 2, grain = 11, tiles = {unroll = 4 : i64}>

// CHECK-LABEL: dlc.kernel_func @softmax
// CHECK: dlc.softmax %{{.*}} {axes = array<i64: 1>} : tensor<1536x128xf32> -> tensor<1536x128xf32>
dlc.kernel_func @softmax kind(normalization) attributes {dlc.collapse = [[1, 2], [3]], schedules = [#s]} {
^bb0(%x: tensor<1x12x128x128xf32>):
  %y = dlc.softmax %x {axes = array<i64: 3>} : tensor<1x12x128x128xf32> -> tensor<1x12x128x128xf32>
  dlc.yield %y : tensor<1x12x128x128xf32>
}

// -----

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>

// A conversion of layouts becomes a transposition of matrices.
// CHECK-LABEL: dlc.kernel_func @convert
// CHECK: dlc.unpack %{{.*}} : tensor<64x49xf32, #dlc.layout<order = [1, 0]>> -> tensor<64x49xf32>
dlc.kernel_func @convert kind(movement) attributes {dlc.collapse = [[1], [2, 3]], schedules = [#s]} {
^bb0(%x: tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>>):
  %y = dlc.unpack %x : tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>> -> tensor<1x64x7x7xf32>
  dlc.yield %y : tensor<1x64x7x7xf32>
}

// -----

#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>

// A halo separates the rows: they cannot be merged.
// CHECK-LABEL: dlc.kernel_func @border
// CHECK: ^bb0(%{{.*}}: tensor<1x8x4x4xf32, {{.*}}>):
dlc.kernel_func @border kind(elementwise) attributes {schedules = [#s]} {
^bb0(%x: tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>):
  %y = dlc.relu %x : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>> -> tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  dlc.yield %y : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}

// -----

#g = #dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 0, tiles = {columns = 16 : i64, columns_loop = 1 : i64, rows = 6 : i64}>

// The steps of a sequence and its batch are rows of one product, with a bias that all rows share.
// CHECK-LABEL: dlc.kernel_func @steps
// CHECK-SAME: input_dims = [affine_map<()[s0, s1] -> (s0 * s1, 16)>, affine_map<()[s0, s1] -> (16, 32)>, affine_map<()[s0, s1] -> (32)>, affine_map<()[s0, s1] -> (s0 * s1, 32)>]
// CHECK: dlc.matmul {{.*}} : (tensor<?x16xf32>, tensor<16x32xf32>) -> tensor<?x32xf32>
// CHECK: dlc.add {{.*}} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
// CHECK: dlc.add {{.*}} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
dlc.kernel_func @steps kind(contraction) attributes {dlc.collapse = [[0, 1], [2]], schedules = [#g], symbols = ["T", "N"], input_dims = [affine_map<()[s0, s1] -> (s0, s1, 16)>, affine_map<()[s0, s1] -> (16, 32)>, affine_map<()[s0, s1] -> (1, 32)>, affine_map<()[s0, s1] -> (s0, s1, 32)>]} {
^bb0(%x: tensor<?x?x16xf32>, %w: tensor<16x32xf32>, %b: tensor<1x32xf32>, %r: tensor<?x?x32xf32>):
  %y = dlc.matmul %x, %w : (tensor<?x?x16xf32>, tensor<16x32xf32>) -> tensor<?x?x32xf32>
  %z = dlc.add %y, %b : (tensor<?x?x32xf32>, tensor<1x32xf32>) -> tensor<?x?x32xf32>
  %s = dlc.add %z, %r : (tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  dlc.yield %s : tensor<?x?x32xf32>
}

// -----

#g = #dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 0, tiles = {columns = 16 : i64, columns_loop = 1 : i64, rows = 3 : i64}>

// What differs from batch to batch but not from step to step keeps them apart.
// CHECK-LABEL: dlc.kernel_func @per_batch
// CHECK: tensor<2x3x32xf32>
dlc.kernel_func @per_batch kind(contraction) attributes {schedules = [#g]} {
^bb0(%x: tensor<2x3x16xf32>, %w: tensor<16x32xf32>, %b: tensor<3x32xf32>):
  %y = dlc.matmul %x, %w : (tensor<2x3x16xf32>, tensor<16x32xf32>) -> tensor<2x3x32xf32>
  %z = dlc.add %y, %b : (tensor<2x3x32xf32>, tensor<3x32xf32>) -> tensor<2x3x32xf32>
  dlc.yield %z : tensor<2x3x32xf32>
}

// -----

// Without a record a kernel keeps its dimensions.
#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 4, split = 1, grain = 2>

// CHECK-LABEL: dlc.kernel_func @edited
// CHECK-SAME: attributes {schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 4, split = 1, grain = 2>]}
// CHECK: tensor<8x64x56x56xf32>
dlc.kernel_func @edited kind(elementwise) attributes {schedules = [#s]} {
^bb0(%x: tensor<8x64x56x56xf32>):
  %y = dlc.relu %x : tensor<8x64x56x56xf32> -> tensor<8x64x56x56xf32>
  dlc.yield %y : tensor<8x64x56x56xf32>
}

// -----

// A person may merge less than the compiler would.
#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 4, split = 1, grain = 2>

// CHECK-LABEL: dlc.kernel_func @less
// CHECK-SAME: schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 4, split = 1, grain = 2>]
// CHECK: dlc.relu {{.*}} : tensor<8x64x3136xf32> -> tensor<8x64x3136xf32>
dlc.kernel_func @less kind(elementwise) attributes {dlc.collapse = [[0], [1], [2, 3]], schedules = [#s]} {
^bb0(%x: tensor<8x64x56x56xf32>):
  %y = dlc.relu %x : tensor<8x64x56x56xf32> -> tensor<8x64x56x56xf32>
  dlc.yield %y : tensor<8x64x56x56xf32>
}

// -----

// The axis of a layer normalization, and a splat.
#s = #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, tiles = {unroll = 4 : i64}>

// CHECK-LABEL: dlc.kernel_func @layer_norm
// CHECK: dlc.constant dense<2.000000e+00> : tensor<35x1xf32> : tensor<35x1xf32>
// CHECK: dlc.layer_norm {{.*}}axis = 1 {{.*}} tensor<35x66xf32>
dlc.kernel_func @layer_norm kind(normalization) attributes {dlc.collapse = [[0, 1], [2, 3]], schedules = [#s]} {
^bb0(%x: tensor<5x7x6x11xf32>, %g: tensor<6x11xf32>, %b: tensor<6x11xf32>):
  %c = dlc.constant dense<2.0> : tensor<5x7x1x1xf32> : tensor<5x7x1x1xf32>
  %y = dlc.layer_norm %x scale %g : tensor<6x11xf32> bias %b : tensor<6x11xf32> {axis = 2 : i64, epsilon = 1.0e-05 : f64} : tensor<5x7x6x11xf32> -> tensor<5x7x6x11xf32>
  %z = dlc.mul %y, %c : (tensor<5x7x6x11xf32>, tensor<5x7x1x1xf32>) -> tensor<5x7x6x11xf32>
  dlc.yield %z : tensor<5x7x6x11xf32>
}
