// RUN: dlc-opt %s --dlc-split-concats | FileCheck %s

// 33 operands are 17 and 16, of which the last has an extent that only a run knows.
// CHECK-LABEL: func.func @many
// CHECK: %[[A:.*]] = dlc.concat %arg0, {{.*}}, %arg16 {axis = 1 : i64} : {{.*}} -> tensor<2x51xf32>
// CHECK-NEXT: %[[B:.*]] = dlc.concat %arg17, {{.*}}, %arg32 {axis = 1 : i64} : {{.*}} -> tensor<2x?xf32>
// CHECK-NEXT: %[[Y:.*]] = dlc.concat %[[A]], %[[B]] {axis = 1 : i64} : (tensor<2x51xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
// CHECK-NEXT: return %[[Y]]
func.func @many(%x0: tensor<2x3xf32>, %x1: tensor<2x3xf32>, %x2: tensor<2x3xf32>, %x3: tensor<2x3xf32>, %x4: tensor<2x3xf32>, %x5: tensor<2x3xf32>, %x6: tensor<2x3xf32>, %x7: tensor<2x3xf32>, %x8: tensor<2x3xf32>, %x9: tensor<2x3xf32>, %x10: tensor<2x3xf32>, %x11: tensor<2x3xf32>, %x12: tensor<2x3xf32>, %x13: tensor<2x3xf32>, %x14: tensor<2x3xf32>, %x15: tensor<2x3xf32>, %x16: tensor<2x3xf32>, %x17: tensor<2x3xf32>, %x18: tensor<2x3xf32>, %x19: tensor<2x3xf32>, %x20: tensor<2x3xf32>, %x21: tensor<2x3xf32>, %x22: tensor<2x3xf32>, %x23: tensor<2x3xf32>, %x24: tensor<2x3xf32>, %x25: tensor<2x3xf32>, %x26: tensor<2x3xf32>, %x27: tensor<2x3xf32>, %x28: tensor<2x3xf32>, %x29: tensor<2x3xf32>, %x30: tensor<2x3xf32>, %x31: tensor<2x3xf32>, %x32: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %y = dlc.concat %x0, %x1, %x2, %x3, %x4, %x5, %x6, %x7, %x8, %x9, %x10, %x11, %x12, %x13, %x14, %x15, %x16, %x17, %x18, %x19, %x20, %x21, %x22, %x23, %x24, %x25, %x26, %x27, %x28, %x29, %x30, %x31, %x32 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}

// CHECK-LABEL: func.func @few
// CHECK-COUNT-1: dlc.concat
// CHECK-NEXT: return
func.func @few(%x0: tensor<2x3xf32>, %x1: tensor<2x3xf32>, %x2: tensor<2x3xf32>, %x3: tensor<2x3xf32>, %x4: tensor<2x3xf32>, %x5: tensor<2x3xf32>, %x6: tensor<2x3xf32>, %x7: tensor<2x3xf32>, %x8: tensor<2x3xf32>, %x9: tensor<2x3xf32>, %x10: tensor<2x3xf32>, %x11: tensor<2x3xf32>, %x12: tensor<2x3xf32>, %x13: tensor<2x3xf32>, %x14: tensor<2x3xf32>, %x15: tensor<2x3xf32>, %x16: tensor<2x3xf32>, %x17: tensor<2x3xf32>, %x18: tensor<2x3xf32>, %x19: tensor<2x3xf32>, %x20: tensor<2x3xf32>, %x21: tensor<2x3xf32>, %x22: tensor<2x3xf32>, %x23: tensor<2x3xf32>, %x24: tensor<2x3xf32>, %x25: tensor<2x3xf32>, %x26: tensor<2x3xf32>, %x27: tensor<2x3xf32>, %x28: tensor<2x3xf32>, %x29: tensor<2x3xf32>, %x30: tensor<2x3xf32>, %x31: tensor<2x3xf32>) -> tensor<2x96xf32> {
  %y = dlc.concat %x0, %x1, %x2, %x3, %x4, %x5, %x6, %x7, %x8, %x9, %x10, %x11, %x12, %x13, %x14, %x15, %x16, %x17, %x18, %x19, %x20, %x21, %x22, %x23, %x24, %x25, %x26, %x27, %x28, %x29, %x30, %x31 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x96xf32>
  return %y : tensor<2x96xf32>
}
