// RUN: dlc-opt %s --dlc-apply-records=files=%S/Inputs/records.json 2>%t.notes | FileCheck %s
// RUN: FileCheck %s --check-prefix=NOTES --input-file=%t.notes
// RUN: not dlc-opt %s --dlc-apply-records=files=%S/Inputs/illegal-records.json 2>&1 | FileCheck %s --check-prefix=ILLEGAL
// RUN: dlc-opt %s --dlc-apply-records=files=%S/Inputs/illegal-records.json,%S/Inputs/records.json 2>&1 | FileCheck %s
// RUN: not dlc-opt %s --dlc-apply-records=files=%t.missing 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: echo '{"records": []}' >%t.other
// RUN: not dlc-opt %s --dlc-apply-records=files=%t.other 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: echo '{"dlc_records": 1, "records": [{"kernel": "0", "machine": "m", "schedule": {"algorithm": "gemm", "lanes": 8}}]}' >%t.key
// RUN: not dlc-opt %s --dlc-apply-records=files=%t.key 2>&1 | FileCheck %s --check-prefix=KEY

// The last record for a kernel and a machine counts; the name of the layer does not matter.
// CHECK-LABEL: func.func @tuned
// CHECK: schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 24, tiles = {columns = 8 : i64, rows = 6 : i64}>]
// NOTES: remark: 2 of 3 schedule records are for other kernels or machines, and ignored
// ILLEGAL: error: record 1 of '{{.*}}illegal-records.json', for kernel 'another name' (contraction) on x86-64-v3: 'gemm' has no parameter "colums"; its parameters are columns
// MISSING: error: '{{.*}}.missing': {{.*}}No such file
// OTHER: error: '{{.*}}.other': is not a file of schedule records, as dlc-tune writes them
// KEY: error: '{{.*}}.key': unknown key; a schedule has algorithm, vector, split, grain and sizes at record.records[0].schedule.lanes
func.func @tuned(%x: tensor<6x32xf32>, %w: tensor<32x64xf32>) -> tensor<6x64xf32> {
  %0 = dlc.kernel "another name" kind(contraction) (%x, %w : tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 32, tiles = {columns = 16, rows = 3}>]} {
  ^bb0(%a: tensor<6x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<6x32xf32>, tensor<32x64xf32>) -> tensor<6x64xf32>
    dlc.yield %1 : tensor<6x64xf32>
  }
  return %0 : tensor<6x64xf32>
}

// A kernel of another shape keeps its schedule.
// CHECK-LABEL: func.func @other
// CHECK: tiles = {columns = 16 : i64, rows = 3 : i64}
func.func @other(%x: tensor<7x32xf32>, %w: tensor<32x64xf32>) -> tensor<7x64xf32> {
  %0 = dlc.kernel "hidden" kind(contraction) (%x, %w : tensor<7x32xf32>, tensor<32x64xf32>) -> tensor<7x64xf32>
      attributes {schedules = [#dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, split = 1, grain = 32, tiles = {columns = 16 : i64, rows = 3 : i64}>]} {
  ^bb0(%a: tensor<7x32xf32>, %b: tensor<32x64xf32>):
    %1 = dlc.matmul %a, %b : (tensor<7x32xf32>, tensor<32x64xf32>) -> tensor<7x64xf32>
    dlc.yield %1 : tensor<7x64xf32>
  }
  return %0 : tensor<7x64xf32>
}
