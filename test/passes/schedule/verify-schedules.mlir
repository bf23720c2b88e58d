// RUN: dlc-opt %s --dlc-verify-schedules=isas=x86-64-v3 --split-input-file -verify-diagnostics

// What --dlc-tile chooses is legal, and so are other points.
func.func @legal(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
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
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "wino", isa = "x86-64-v3", vector = 8>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @parameter(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{'gemm' has no parameter "colums"; its parameters are stage_columns, columns, rows, columns_loop}}
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {colums = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @zero(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{parameter "rows" of 'gemm' is 0 : i64; it must be from 1 to 64}}
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {columns = 16, rows = 0}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// -----

func.func @negative(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  // expected-error @+1 {{parameter "columns" of 'gemm' is -16 : i64; it must be a multiple of 8 from 8 to 512}}
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
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
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
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
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x60xf32>) -> tensor<6x60xf32>
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
  %0 = dlc.kernel "act" root(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32>
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
  %0 = dlc.kernel "act" root(elementwise) (%x : tensor<4x64xf32>) -> tensor<4x64xf32>
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
  %0 = dlc.kernel "hidden" root(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
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
  %0 = dlc.kernel "act" root(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32>
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
  %0 = dlc.kernel "act" root(elementwise) (%x : tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%a: tensor<64xf32>):
    %1 = dlc.relu %a : tensor<64xf32> -> tensor<64xf32>
    dlc.yield %1 : tensor<64xf32>
  }
  return %0 : tensor<64xf32>
}
