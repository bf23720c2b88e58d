// RUN: dlc-opt %s --dlc-tile=isas=x86-64-v4 | FileCheck %s

// All keys in one block, four vectors of queries, heads split between threads.
// CHECK-LABEL: dlc.kernel "short"
// CHECK-SAME: <algorithm = "online", isa = "x86-64-v4", vector = 16, split = 1, tiles = {key_rows = 6 : i64, keys = 132 : i64, queries = 64 : i64, value_columns = 64 : i64, value_rows = 4 : i64}>
func.func @short(%q: tensor<1x12x128x64xf32>) -> tensor<1x12x128x64xf32> {
  %y = dlc.kernel "short" kind(attention) (%q : tensor<1x12x128x64xf32>) -> tensor<1x12x128x64xf32> {
  ^bb0(%a: tensor<1x12x128x64xf32>):
    %c = dlc.attention %a, %a, %a {scale = 0.125 : f64} : (tensor<1x12x128x64xf32>, tensor<1x12x128x64xf32>, tensor<1x12x128x64xf32>) -> tensor<1x12x128x64xf32>
    dlc.yield %c : tensor<1x12x128x64xf32>
  }
  return %y : tensor<1x12x128x64xf32>
}

// Long sequences go in blocks; one head of one sample is split at tiles of queries.
// CHECK-LABEL: dlc.kernel "long"
// CHECK-SAME: split = 2, grain = 64, tiles = {key_rows = 6 : i64, keys = 252 : i64, queries = 64 : i64
func.func @long(%q: tensor<1x1x4096x64xf32>) -> tensor<1x1x4096x64xf32> {
  %y = dlc.kernel "long" kind(attention) (%q : tensor<1x1x4096x64xf32>) -> tensor<1x1x4096x64xf32> {
  ^bb0(%a: tensor<1x1x4096x64xf32>):
    %c = dlc.attention %a, %a, %a {scale = 0.125 : f64} : (tensor<1x1x4096x64xf32>, tensor<1x1x4096x64xf32>, tensor<1x1x4096x64xf32>) -> tensor<1x1x4096x64xf32>
    dlc.yield %c : tensor<1x1x4096x64xf32>
  }
  return %y : tensor<1x1x4096x64xf32>
}

// One query, as when a text is written word by word; samples are split.
// CHECK-LABEL: dlc.kernel "one"
// CHECK-SAME: split = 0, tiles = {key_rows = 12 : i64, keys = 120 : i64, queries = 1 : i64, value_columns = 16 : i64, value_rows = 1 : i64}
func.func @one(%q: tensor<?x2x1x16xf32>, %k: tensor<?x2x?x16xf32>) -> tensor<?x2x1x16xf32> {
  %y = dlc.kernel "one" kind(attention) (%q, %k : tensor<?x2x1x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x1x16xf32> {
  ^bb0(%a: tensor<?x2x1x16xf32>, %b: tensor<?x2x?x16xf32>):
    %c = dlc.attention %a, %b, %b {scale = 0.125 : f64} : (tensor<?x2x1x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x1x16xf32>
    dlc.yield %c : tensor<?x2x1x16xf32>
  }
  return %y : tensor<?x2x1x16xf32>
}
