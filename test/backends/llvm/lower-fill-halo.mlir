// RUN: dlc-opt %s --dlc-lower-fill-halo | FileCheck %s

// One row above and below, one pixel left and right of 8 x 8 pixels with 4 channels.
#halo = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>

// CHECK-LABEL: func.func @clear
func.func @clear(%b: memref<?xi8>) {
  // CHECK: scf.for
  // CHECK: "llvm.intr.memset"
  // CHECK: "llvm.intr.memset"
  // CHECK: scf.for
  // CHECK: "llvm.intr.memset"
  // CHECK: "llvm.intr.memset"
  // CHECK-NOT: scf.for
  dlc.fill_halo %b : memref<?xi8> {tensor = tensor<2x4x8x8xf32, #halo>, dims = affine_map<() -> (2, 4, 8, 8)>}
  return
}

// Without a halo there is nothing to do.
// CHECK-LABEL: func.func @nothing
// CHECK-NOT: memset
func.func @nothing(%b: memref<?xi8>) {
  dlc.fill_halo %b : memref<?xi8> {tensor = tensor<2x4xf32>, dims = affine_map<() -> (2, 4)>}
  return
}
