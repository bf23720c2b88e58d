// RUN: not dlc-opt %s --dlc-apply-records=files=%S/Inputs/records.json 2>&1 | FileCheck %s

// The program gives out ranges of one dimension, whatever machine it finds: the record for x86-64-v4 splits none.
// CHECK: error: record 3 of '{{.*}}records.json', for kernel 'hidden' (contraction) on x86-64-v4: it splits dimension -1, and the other machines of the library split 1
func.func @two(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 32, tiles = {columns = 16, rows = 3}>,
                               #dlc.schedule<algorithm = "gemm", isa = "x86-64-v4", vector = 16, split = 1, grain = 32, tiles = {columns = 32, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}
