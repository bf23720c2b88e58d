// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v4,x86-64-v4-vnni}),dlc-verify-schedules{isas=x86-64-v4,x86-64-v4-vnni})' | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v4-vnni}),dlc-verify-schedules{isas=x86-64-v4-vnni})' | FileCheck %s --check-prefix=ALONE

// A machine for integer products has a version of its own where there is one, unless it is the only machine. The
// inputs of bytes take a register, so that 15 rows do not fit.
// CHECK-LABEL: dlc.kernel "product"
// CHECK-SAME: isa = "x86-64-v4", {{.*}} isa = "x86-64-v4-vnni", vector = 16, split = 0, tiles = {columns = 32 : i64, columns_loop = 1 : i64, rows = 14 : i64}>
// ALONE-LABEL: dlc.kernel "product"
// ALONE-SAME: isa = "x86-64-v4-vnni"
// CHECK-LABEL: dlc.kernel "scale"
// CHECK-NOT: vnni
// CHECK: return
// ALONE-LABEL: dlc.kernel "scale"
// ALONE-SAME: isa = "x86-64-v4-vnni"
func.func @rows(%x: tensor<420x64xui8>, %w: tensor<64x32xi8, #dlc.layout<order = [1, 0], inner_dims = [1, 0], inner_tiles = [32, 4]>>) -> tensor<420x32xf32> {
  %s = dlc.kernel "product" kind(contraction) (%x, %w : tensor<420x64xui8>, tensor<64x32xi8, #dlc.layout<order = [1, 0], inner_dims = [1, 0], inner_tiles = [32, 4]>>) -> tensor<420x32xi32> {
  ^bb0(%a: tensor<420x64xui8>, %b: tensor<64x32xi8, #dlc.layout<order = [1, 0], inner_dims = [1, 0], inner_tiles = [32, 4]>>):
    %0 = dlc.matmul %a, %b : (tensor<420x64xui8>, tensor<64x32xi8, #dlc.layout<order = [1, 0], inner_dims = [1, 0], inner_tiles = [32, 4]>>) -> tensor<420x32xi32>
    dlc.yield %0 : tensor<420x32xi32>
  }
  %y = dlc.kernel "scale" kind(elementwise) (%s : tensor<420x32xi32>) -> tensor<420x32xf32> {
  ^bb0(%a: tensor<420x32xi32>):
    %0 = dlc.cast %a {to = f32} : tensor<420x32xi32> -> tensor<420x32xf32>
    dlc.yield %0 : tensor<420x32xf32>
  }
  return %y : tensor<420x32xf32>
}
