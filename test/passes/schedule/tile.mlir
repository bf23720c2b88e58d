// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v2,x86-64-v3,x86-64-v4,aarch64}))' | FileCheck %s
// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v3 naive=true}))' | FileCheck %s --check-prefix=NAIVE

// The registers decide the tile: 14 sums of 16 registers, 28 of 32 with AVX-512. All split the same dimension.
// CHECK-LABEL: dlc.kernel "direct"
// CHECK-SAME: <algorithm = "direct", isa = "x86-64-v2", vector = 4, split = 2, tiles = {columns = 4 : i64, columns_loop = -1 : i64, planes = 1 : i64, rows = 14 : i64}>
// CHECK-SAME: <algorithm = "direct", isa = "x86-64-v3", vector = 8, split = 2, tiles = {columns = 16 : i64, columns_loop = -1 : i64, planes = 1 : i64, rows = 4 : i64}>
// CHECK-SAME: <algorithm = "direct", isa = "x86-64-v4", vector = 16, split = 2, tiles = {columns = 32 : i64, columns_loop = 0 : i64, planes = 1 : i64, rows = 14 : i64}>
// CHECK-SAME: <algorithm = "direct", isa = "aarch64", vector = 4, split = 2, tiles = {columns = 8 : i64, columns_loop = -1 : i64, planes = 1 : i64, rows = 14 : i64}>
// NAIVE: <algorithm = "naive", isa = "x86-64-v3", vector = 1>
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
#w = #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>
func.func @direct(%x: tensor<1x64x56x56xf32, #x>, %w: tensor<64x64x3x3xf32, #w>) -> tensor<1x64x56x56xf32, #y> {
  %y = dlc.kernel "direct" kind(convolution) (%x, %w : tensor<1x64x56x56xf32, #x>, tensor<64x64x3x3xf32, #w>) -> tensor<1x64x56x56xf32, #y> {
  ^bb0(%a: tensor<1x64x56x56xf32, #x>, %b: tensor<64x64x3x3xf32, #w>):
    %c = dlc.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x64x56x56xf32, #x>, tensor<64x64x3x3xf32, #w>) -> tensor<1x64x56x56xf32, #y>
    dlc.yield %c : tensor<1x64x56x56xf32, #y>
  }
  return %y : tensor<1x64x56x56xf32, #y>
}

// -----

// Seven rows of two do not divide between threads, channels do; seven columns take twice the channels.
// CHECK-LABEL: dlc.kernel "small"
// CHECK-SAME: isa = "x86-64-v4", vector = 16, split = 1, grain = 64, tiles = {columns = 64 : i64, columns_loop = -1 : i64, planes = 1 : i64, prefetch = 4096 : i64, rows = 7 : i64}
#y = #dlc.layout<order = [0, 2, 3, 1]>
#w = #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>
func.func @small(%x: tensor<1x512x7x7xf32, #y>, %w: tensor<2048x512x1x1xf32, #w>) -> tensor<1x2048x7x7xf32, #y> {
  %y = dlc.kernel "small" kind(convolution) (%x, %w : tensor<1x512x7x7xf32, #y>, tensor<2048x512x1x1xf32, #w>) -> tensor<1x2048x7x7xf32, #y> {
  ^bb0(%a: tensor<1x512x7x7xf32, #y>, %b: tensor<2048x512x1x1xf32, #w>):
    %c = dlc.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x512x7x7xf32, #y>, tensor<2048x512x1x1xf32, #w>) -> tensor<1x2048x7x7xf32, #y>
    dlc.yield %c : tensor<1x2048x7x7xf32, #y>
  }
  return %y : tensor<1x2048x7x7xf32, #y>
}

// -----

// A result that is pooled 2 x 2: one row of the tile is four sums a channel.
// CHECK-LABEL: dlc.kernel "pooled"
// CHECK-SAME: isa = "x86-64-v4", vector = 16, split = 2, tiles = {columns = 16 : i64, columns_loop = 0 : i64, planes = 1 : i64, rows = 5 : i64}
#x = #dlc.layout<order = [0, 1, 2, 3]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
#w = #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>
func.func @pooled(%x: tensor<1x6x14x14xf32, #x>, %w: tensor<16x6x5x5xf32, #w>) -> tensor<1x16x5x5xf32, #y> {
  %y = dlc.kernel "pooled" kind(convolution) (%x, %w : tensor<1x6x14x14xf32, #x>, tensor<16x6x5x5xf32, #w>) -> tensor<1x16x5x5xf32, #y> {
  ^bb0(%a: tensor<1x6x14x14xf32, #x>, %b: tensor<16x6x5x5xf32, #w>):
    %c = dlc.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x6x14x14xf32, #x>, tensor<16x6x5x5xf32, #w>) -> tensor<1x16x10x10xf32, #y>
    %p = dlc.max_pool %c {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : tensor<1x16x10x10xf32, #y> -> tensor<1x16x5x5xf32, #y>
    dlc.yield %p : tensor<1x16x5x5xf32, #y>
  }
  return %y : tensor<1x16x5x5xf32, #y>
}

// -----

// Every channel by itself: vectors of channels, unrolled taps.
// CHECK-LABEL: dlc.kernel "depthwise"
// CHECK-SAME: <algorithm = "depthwise", isa = "x86-64-v4", vector = 16, split = 2, tiles = {columns = 16 : i64, columns_loop = 0 : i64, rows = 7 : i64, unroll_taps = 1 : i64}>
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
#w = #dlc.layout<order = [2, 3, 1, 0]>
func.func @depthwise(%x: tensor<1x96x28x28xf32, #x>, %w: tensor<96x1x3x3xf32, #w>) -> tensor<1x96x28x28xf32, #y> {
  %y = dlc.kernel "depthwise" kind(convolution) (%x, %w : tensor<1x96x28x28xf32, #x>, tensor<96x1x3x3xf32, #w>) -> tensor<1x96x28x28xf32, #y> {
  ^bb0(%a: tensor<1x96x28x28xf32, #x>, %b: tensor<96x1x3x3xf32, #w>):
    %c = dlc.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 96 : i64} : (tensor<1x96x28x28xf32, #x>, tensor<96x1x3x3xf32, #w>) -> tensor<1x96x28x28xf32, #y>
    dlc.yield %c : tensor<1x96x28x28xf32, #y>
  }
  return %y : tensor<1x96x28x28xf32, #y>
}

// -----

// One row: wide tiles hide the latency, ranges of columns read their own weights. They are read in order, which the
// processor fetches ahead by itself.
// CHECK-LABEL: dlc.kernel "row"
// CHECK-SAME: <algorithm = "gemm", isa = "x86-64-v4", vector = 16, split = 1, grain = 128, tiles = {columns = 128 : i64, columns_loop = 1 : i64, rows = 1 : i64}>
#p = #dlc.layout<order = [1, 0], inner_dims = [1], inner_tiles = [32]>
func.func @row(%x: tensor<1x4096xf32>, %w: tensor<4096x4096xf32, #p>) -> tensor<1x4096xf32> {
  %y = dlc.kernel "row" kind(contraction) (%x, %w : tensor<1x4096xf32>, tensor<4096x4096xf32, #p>) -> tensor<1x4096xf32> {
  ^bb0(%a: tensor<1x4096xf32>, %b: tensor<4096x4096xf32, #p>):
    %c = dlc.matmul %a, %b : (tensor<1x4096xf32>, tensor<4096x4096xf32, #p>) -> tensor<1x4096xf32>
    dlc.yield %c : tensor<1x4096xf32>
  }
  return %y : tensor<1x4096xf32>
}

// -----

// Columns that are not contiguous are copied block by block; the batch is split.
// CHECK-LABEL: dlc.kernel "scores"
// CHECK-SAME: <algorithm = "gemm", isa = "x86-64-v4", vector = 16, split = 0, tiles = {columns = {{[0-9]+}} : i64, columns_loop = 1 : i64, rows = {{[0-9]+}} : i64, stage_columns = 1 : i64}>
func.func @scores(%q: tensor<12x128x64xf32>, %k: tensor<12x128x64xf32>) -> tensor<12x128x128xf32> {
  %y = dlc.kernel "scores" kind(contraction) (%q, %k : tensor<12x128x64xf32>, tensor<12x128x64xf32>) -> tensor<12x128x128xf32> {
  ^bb0(%a: tensor<12x128x64xf32>, %b: tensor<12x128x64xf32>):
    %c = dlc.matmul %a, %b {transpose_rhs = true} : (tensor<12x128x64xf32>, tensor<12x128x64xf32>) -> tensor<12x128x128xf32>
    dlc.yield %c : tensor<12x128x128xf32>
  }
  return %y : tensor<12x128x128xf32>
}

// -----

// Sixteen rows times a transposed matrix: as many dot products as registers hold, with the fewest loads.
// CHECK-LABEL: dlc.kernel "dots"
// CHECK-SAME: <algorithm = "dots", isa = "x86-64-v4", vector = 16, split = 1, grain = 128, tiles = {columns = 4 : i64, rows = 4 : i64}>
func.func @dots(%x: tensor<16x9216xf32>, %w: tensor<4096x9216xf32>) -> tensor<16x4096xf32> {
  %y = dlc.kernel "dots" kind(contraction) (%x, %w : tensor<16x9216xf32>, tensor<4096x9216xf32>) -> tensor<16x4096xf32> {
  ^bb0(%a: tensor<16x9216xf32>, %b: tensor<4096x9216xf32>):
    %c = dlc.matmul %a, %b {transpose_rhs = true} : (tensor<16x9216xf32>, tensor<4096x9216xf32>) -> tensor<16x4096xf32>
    dlc.yield %c : tensor<16x4096xf32>
  }
  return %y : tensor<16x4096xf32>
}

// -----

// A result of 151 MB, of 16 terms each, is written row by row; a matrix of that size that is read in place is fetched ahead.
// CHECK-LABEL: dlc.kernel "written"
// CHECK-SAME: <algorithm = "gemm", isa = "x86-64-v4", vector = 16, split = 1, grain = 128, tiles = {columns = {{[0-9]+}} : i64, columns_loop = 0 : i64, rows = {{[0-9]+}} : i64}>
// CHECK: dlc.kernel "read"
// CHECK-SAME: <algorithm = "gemm", isa = "x86-64-v4", vector = 16, split = 1, grain = {{[0-9]+}}, tiles = {columns = {{[0-9]+}} : i64, columns_loop = 1 : i64, prefetch = 4096 : i64, rows = {{[0-9]+}} : i64}>
func.func @large(%dy: tensor<16x4096xf32>, %x: tensor<16x9216xf32>, %w: tensor<4096x9216xf32>) -> (tensor<4096x9216xf32>, tensor<16x9216xf32>) {
  %dw = dlc.kernel "written" kind(contraction) (%dy, %x : tensor<16x4096xf32>, tensor<16x9216xf32>) -> tensor<4096x9216xf32> {
  ^bb0(%a: tensor<16x4096xf32>, %b: tensor<16x9216xf32>):
    %c = dlc.matmul %a, %b {transpose_lhs = true} : (tensor<16x4096xf32>, tensor<16x9216xf32>) -> tensor<4096x9216xf32>
    dlc.yield %c : tensor<4096x9216xf32>
  }
  %dx = dlc.kernel "read" kind(contraction) (%dy, %w : tensor<16x4096xf32>, tensor<4096x9216xf32>) -> tensor<16x9216xf32> {
  ^bb0(%a: tensor<16x4096xf32>, %b: tensor<4096x9216xf32>):
    %c = dlc.matmul %a, %b : (tensor<16x4096xf32>, tensor<4096x9216xf32>) -> tensor<16x9216xf32>
    dlc.yield %c : tensor<16x9216xf32>
  }
  return %dw, %dx : tensor<4096x9216xf32>, tensor<16x9216xf32>
}

// -----

// Winograd weights say the algorithm. Weights beyond the third-level cache are read once: one chunk, and threads take channels.
// CHECK-LABEL: dlc.kernel "winograd"
// CHECK-SAME: <algorithm = "winograd", isa = "x86-64-v4", vector = 16, split = 1, grain = 32, tiles = {channels = 32 : i64, chunk_columns = 7 : i64, chunk_rows = 7 : i64, columns = 32 : i64, planes = 1 : i64, prefetch = 4096 : i64, rows = 7 : i64}>
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
#u = #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = 4>
func.func @winograd(%x: tensor<1x512x28x28xf32, #x>, %w: tensor<512x512x3x3xf32, #u>) -> tensor<1x512x28x28xf32, #y> {
  %y = dlc.kernel "winograd" kind(convolution) (%x, %w : tensor<1x512x28x28xf32, #x>, tensor<512x512x3x3xf32, #u>) -> tensor<1x512x28x28xf32, #y> {
  ^bb0(%a: tensor<1x512x28x28xf32, #x>, %b: tensor<512x512x3x3xf32, #u>):
    %c = dlc.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x512x28x28xf32, #x>, tensor<512x512x3x3xf32, #u>) -> tensor<1x512x28x28xf32, #y>
    dlc.yield %c : tensor<1x512x28x28xf32, #y>
  }
  return %y : tensor<1x512x28x28xf32, #y>
}

// -----

// The gradient of a weight, a sum over thousands of rows: 128 at a time, in tiles that divide the result. Ranges are of the dimension
// with more tiles.
// CHECK-LABEL: dlc.kernel "gradient"
// CHECK-SAME: <algorithm = "blocked", isa = "x86-64-v4", vector = 16, split = 0, grain = 8, tiles = {columns = 32 : i64, depth = 128 : i64, rows = 8 : i64}>
func.func @gradient(%dz: tensor<2048x512xf32>, %h: tensor<2048x128xf32>) -> tensor<512x128xf32> {
  %y = dlc.kernel "gradient" kind(contraction) (%dz, %h : tensor<2048x512xf32>, tensor<2048x128xf32>) -> tensor<512x128xf32> {
  ^bb0(%a: tensor<2048x512xf32>, %b: tensor<2048x128xf32>):
    %0 = dlc.matmul %a, %b {transpose_lhs = true} : (tensor<2048x512xf32>, tensor<2048x128xf32>) -> tensor<512x128xf32>
    dlc.yield %0 : tensor<512x128xf32>
  }
  return %y : tensor<512x128xf32>
}

// -----

// CHECK-LABEL: dlc.kernel "wide_gradient"
// CHECK-SAME: <algorithm = "blocked", isa = "x86-64-v4", vector = 16, split = 1, grain = 32, tiles = {columns = 32 : i64, depth = 128 : i64, rows = 13 : i64}>
func.func @wide_gradient(%x: tensor<2048x65xf32>, %dz: tensor<2048x512xf32>) -> tensor<65x512xf32> {
  %y = dlc.kernel "wide_gradient" kind(contraction) (%x, %dz : tensor<2048x65xf32>, tensor<2048x512xf32>) -> tensor<65x512xf32> {
  ^bb0(%a: tensor<2048x65xf32>, %b: tensor<2048x512xf32>):
    %0 = dlc.matmul %a, %b {transpose_lhs = true} : (tensor<2048x65xf32>, tensor<2048x512xf32>) -> tensor<65x512xf32>
    dlc.yield %0 : tensor<65x512xf32>
  }
  return %y : tensor<65x512xf32>
}

// -----

// Kernels of a loop whose rows threads share split their rows, in tiles of a range.
// CHECK-LABEL: dlc.kernel "product"
// CHECK-SAME: isa = "x86-64-v4", vector = 16, split = 0, tiles = {columns = 32 : i64, columns_loop = 1 : i64, rows = 8 : i64}
// CHECK-LABEL: dlc.kernel "cell"
// CHECK-SAME: isa = "x86-64-v4", vector = 16, split = 0>
func.func @rows(%h: tensor<32x128xf32>, %w: tensor<128x512xf32>) -> tensor<32x512xf32> {
  %z = dlc.kernel "product" kind(contraction) (%h, %w : tensor<32x128xf32>, tensor<128x512xf32>) -> tensor<32x512xf32> attributes {dlc.row_range = 8 : i64} {
  ^bb0(%a: tensor<32x128xf32>, %b: tensor<128x512xf32>):
    %0 = dlc.matmul %a, %b : (tensor<32x128xf32>, tensor<128x512xf32>) -> tensor<32x512xf32>
    dlc.yield %0 : tensor<32x512xf32>
  }
  %y = dlc.kernel "cell" kind(elementwise) (%z : tensor<32x512xf32>) -> tensor<32x512xf32> attributes {dlc.row_range = 8 : i64} {
  ^bb0(%a: tensor<32x512xf32>):
    %0 = dlc.tanh %a : tensor<32x512xf32> -> tensor<32x512xf32>
    dlc.yield %0 : tensor<32x512xf32>
  }
  return %y : tensor<32x512xf32>
}
