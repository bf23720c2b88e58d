// RUN: dlc-opt %s --dlc-verify-schedules=isas=x86-64-v3 --split-input-file -verify-diagnostics

// What --dlc-tile chooses is legal, and so are other points.
func.func @legal(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 32, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @algorithm(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{kernel 'hidden' (contraction): schedule for x86-64-v3: it has no algorithm "wino"; it has 'blocked', 'gemm', 'plain', 'naive'}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "wino", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @parameter(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{'gemm' has no parameter "colums"; its parameters are columns, stage_columns, rows, columns_loop}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {colums = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @zero(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{parameter "rows" of 'gemm' is 0; it must be from 1 to 64}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = 0}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @negative(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{parameter "columns" of 'gemm' is -16; it must be a multiple of 8 from 8 to 512}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = -16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @registers(%x: tensor<64x32xf32>, %w: tensor<32x64xf32>) -> tensor<64x64xf32> {
  // expected-error @+1 {{a tile of columns x rows takes 512 vector registers; the most is 64}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 64, rows = 64}>]} {
  ^bb0(%a: tensor<64x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
    dlc.yield %1 : tensor<64x64xf32>
  }
  return %0 : tensor<64x64xf32>
}

// -----

// Columns that are read in place must be whole tiles; otherwise blocks of them are copied.
func.func @stage(%x: tensor<6x32xf32>, %w: tensor<32x60xf32>) -> tensor<6x60xf32> {
  // expected-error @+1 {{'gemm' needs the parameter "stage_columns", 1}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x60xf32>) -> tensor<6x60xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x60xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x60xf32>) -> tensor<6x60xf32>
    dlc.yield %1 : tensor<6x60xf32>
  }
  return %0 : tensor<6x60xf32>
}

// -----

func.func @lanes(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @+1 {{kernel 'act' (elementwise): schedule for x86-64-v3: vectors of 'rows' have 12 lanes; it must be a power of two up to 8}}
  %0 = dlc.kernel "act" kind(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 12>]} {
  ^bb0(%a: tensor<64xf32>):
    %1 = dlc.relu %a : tensor<64xf32> -> tensor<64xf32>
    dlc.yield %1 : tensor<64xf32>
  }
  return %0 : tensor<64xf32>
}

// -----

func.func @split(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{'rows' cannot split dimension 2 of the result; it can split 0, or none (-1)}}
  %0 = dlc.kernel "act" kind(elementwise) (%x : tensor<4x64xf32>) -> tensor<4x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 2>]} {
  ^bb0(%a: tensor<4x64xf32>):
    %1 = dlc.relu %a : tensor<4x64xf32> -> tensor<4x64xf32>
    dlc.yield %1 : tensor<4x64xf32>
  }
  return %0 : tensor<4x64xf32>
}

// -----

func.func @grain(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{ranges of dimension 1 begin at multiples of 24; it must be a multiple of 16, at least 16}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 24, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @isa(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @+1 {{kernel 'act' (elementwise): schedule for x86-64-v5: the target does not have this instruction set; it has x86-64-v3}}
  %0 = dlc.kernel "act" kind(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v5", vector = 8>]} {
  ^bb0(%a: tensor<64xf32>):
    %1 = dlc.relu %a : tensor<64xf32> -> tensor<64xf32>
    dlc.yield %1 : tensor<64xf32>
  }
  return %0 : tensor<64xf32>
}

// -----

func.func @missing(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @+1 {{kernel 'act' (elementwise): there is no schedule for x86-64-v3}}
  %0 = dlc.kernel "act" kind(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%a: tensor<64xf32>):
    %1 = dlc.relu %a : tensor<64xf32> -> tensor<64xf32>
    dlc.yield %1 : tensor<64xf32>
  }
  return %0 : tensor<64xf32>
}

// -----

// Dimensions that the kernel is to have: schedules refer to those that are left.
func.func @collapsed(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1, 2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0, grain = 64>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @collapsed_split(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{schedule for x86-64-v3: 'rows' cannot split dimension 1 of the result; it can split 0, or none (-1)}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1, 2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 1>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @part(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1], [2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @no_list(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{dlc.collapse is [1, 2]; it must be a list of lists of dimensions, such as [[0, 1], [2]]}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [1, 2], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @empty(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{dlc.collapse is []; it must be a list of lists}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @missing(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{dlc.collapse is [[1, 2]]: dimension 3 is missing; only an extent of 1 can be dropped}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1, 2]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @zero(%x: tensor<8x0x5xf32>) -> tensor<8x0x5xf32> {
  // expected-error @+1 {{dimension 1 is missing; only an extent of 1 can be dropped}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<8x0x5xf32>) -> tensor<8x0x5xf32>
      attributes {dlc.collapse = [[0], [2]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<8x0x5xf32>):
    %1 = dlc.relu %a : tensor<8x0x5xf32> -> tensor<8x0x5xf32>
    dlc.yield %1 : tensor<8x0x5xf32>
  }
  return %0 : tensor<8x0x5xf32>
}

// -----

func.func @none(%x: tensor<8x0x5xf32>) -> tensor<8x0x5xf32> {
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<8x0x5xf32>) -> tensor<8x0x5xf32>
      attributes {dlc.collapse = [[0, 1, 2]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0>]} {
  ^bb0(%a: tensor<8x0x5xf32>):
    %1 = dlc.relu %a : tensor<8x0x5xf32> -> tensor<8x0x5xf32>
    dlc.yield %1 : tensor<8x0x5xf32>
  }
  return %0 : tensor<8x0x5xf32>
}

// -----

func.func @twice(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{dimension 2 is listed twice}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1, 2], [2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @unknown(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{there is no dimension 4; they are 0 to 3}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[1, 2, 3, 4]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @negative_dim(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{there is no dimension -1; they are 0 to 3}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[-1, 1, 2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @order(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{lists are ordered by the lowest dimension of each}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[2, 3], [1]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @reversed(%x: tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32> {
  // expected-error @+1 {{dimension 1 does not follow dimension 2 in the memory of every tensor that has one of them, or they are treated differently}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<1x8x7x5xf32>) -> tensor<1x8x7x5xf32>
      attributes {dlc.collapse = [[2, 1, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x8x7x5xf32>):
    %1 = dlc.relu %a : tensor<1x8x7x5xf32> -> tensor<1x8x7x5xf32>
    dlc.yield %1 : tensor<1x8x7x5xf32>
  }
  return %0 : tensor<1x8x7x5xf32>
}

// -----

func.func @memory(%x: tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  // expected-error @+1 {{dimension 1 does not follow dimension 0 in the memory}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>
      attributes {dlc.collapse = [[0, 1, 2, 3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>):
    %1 = dlc.relu %a : tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>> -> tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>
    dlc.yield %1 : tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  }
  return %0 : tensor<2x8x7x5xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}

// -----

func.func @large(%x: tensor<3x65536x32768xf32>) -> tensor<3x65536x32768xf32> {
  // expected-error @+1 {{a dimension has at most 2147483647 elements}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<3x65536x32768xf32>) -> tensor<3x65536x32768xf32>
      attributes {dlc.collapse = [[0, 1, 2]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<3x65536x32768xf32>):
    %1 = dlc.relu %a : tensor<3x65536x32768xf32> -> tensor<3x65536x32768xf32>
    dlc.yield %1 : tensor<3x65536x32768xf32>
  }
  return %0 : tensor<3x65536x32768xf32>
}

// -----

func.func @product(%x: tensor<3x4x16xf32>, %w: tensor<16x32xf32>) -> tensor<3x4x32xf32> {
  // expected-error @+1 {{dlc.collapse is [[0], [1], [2]]: of a product only all leading dimensions, 0 to 1, can be merged, and the columns stay}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<3x4x16xf32>, tensor<16x32xf32>) -> tensor<3x4x32xf32>
      attributes {dlc.collapse = [[0], [1], [2]], schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<3x4x16xf32>, %b: tensor<16x32xf32>):
    %1 = dlc.matmul %a, %b : (tensor<3x4x16xf32>, tensor<16x32xf32>) -> tensor<3x4x32xf32>
    dlc.yield %1 : tensor<3x4x32xf32>
  }
  return %0 : tensor<3x4x32xf32>
}

// -----

func.func @pool(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @+1 {{dlc.collapse is [[1], [2], [3]], but no dimensions of this kernel can be merged}}
  %0 = dlc.kernel "pool" kind(window) (%x : tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32>
      attributes {dlc.collapse = [[1], [2], [3]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<1x4x8x8xf32>):
    %1 = dlc.max_pool %a {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
    dlc.yield %1 : tensor<1x4x4x4xf32>
  }
  return %0 : tensor<1x4x4x4xf32>
}

// -----

func.func @rows_of_threads(%x: tensor<24x8xf32>) -> tensor<24x8xf32> {
  // expected-error @+1 {{it has both dlc.collapse and dlc.row_range, whose ranges are those of its own dimensions}}
  %0 = dlc.kernel "relu" kind(elementwise) (%x : tensor<24x8xf32>) -> tensor<24x8xf32>
      attributes {dlc.collapse = [[0, 1]], dlc.row_range = 8, schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0>]} {
  ^bb0(%a: tensor<24x8xf32>):
    %1 = dlc.relu %a : tensor<24x8xf32> -> tensor<24x8xf32>
    dlc.yield %1 : tensor<24x8xf32>
  }
  return %0 : tensor<24x8xf32>
}

// -----

func.func @text(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      // expected-error @+1 {{the tile size 'rows' must be an integer, got "three"}}
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = "three"}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

// Columns that do not fill whole tiles are copied, however many terms there are.
func.func @unstaged(%x: tensor<6x?xf32>, %w: tensor<?x63xf32>) -> tensor<6x63xf32> {
  // expected-error @+1 {{'gemm' needs the parameter "stage_columns", 1}}
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x?xf32>, tensor<?x63xf32>) -> tensor<6x63xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x?xf32>, %b: tensor<?x63xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x?xf32>, tensor<?x63xf32>) -> tensor<6x63xf32>
    dlc.yield %1 : tensor<6x63xf32>
  }
  return %0 : tensor<6x63xf32>
}
