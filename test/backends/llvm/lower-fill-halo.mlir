// RUN: dlc-opt %s --dlc-lower-fill-halo --mlir-print-local-scope | FileCheck %s

// One row above and below, one pixel left and right of 8 x 8 pixels with 4 channels.
#halo = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>

// CHECK-LABEL: func.func @clear
func.func @clear(%b: memref<?xi8>, %c: memref<?xi8>) {
  // CHECK: %[[B:.*]] = llvm.inttoptr
  // CHECK: call @[[CLEAR:fill_halo.[0-9]+]](%[[B]]) : (!llvm.ptr) -> ()
  dlc.fill_halo %b : memref<?xi8> {tensor = tensor<2x4x8x8xf32, #halo>, dims = affine_map<() -> (2, 4, 8, 8)>}
  // CHECK: call @[[CLEAR]](
  dlc.fill_halo %c : memref<?xi8> {tensor = tensor<2x4x8x8xf32, #halo>, dims = affine_map<() -> (2, 4, 8, 8)>}
  return
}

// Buffers of one type share a function, whatever their open extents follow from; one where two extents are the same is
// no other. It is what is constant that tells functions apart.
// CHECK-LABEL: func.func @open
// CHECK-SAME: %{{.*}}: memref<?xi8>, %[[N:[a-z0-9]+]]: index, %[[M:[a-z0-9]+]]: index
func.func @open(%b: memref<?xi8>, %n: index, %m: index) {
  // CHECK-DAG: %[[HALF:.*]] = affine.apply affine_map<()[s0, s1] -> (s0 floordiv 2)>()[%[[N]], %[[M]]]
  // CHECK-DAG: %[[H:.*]] = arith.index_cast %[[HALF]]
  // CHECK-DAG: %[[MORE:.*]] = affine.apply affine_map<()[s0, s1] -> (s1 + 1)>()[%[[N]], %[[M]]]
  // CHECK-DAG: %[[W:.*]] = arith.index_cast %[[MORE]]
  // CHECK: call @[[OPEN:fill_halo.[0-9]+]](%{{.*}}, %[[H]], %[[W]]) : (!llvm.ptr, i64, i64) -> ()
  dlc.fill_halo %b : memref<?xi8> symbols(%n, %m) {tensor = tensor<2x4x?x?xf32, #halo>, dims = affine_map<()[s0, s1] -> (2, 4, s0 floordiv 2, s1 + 1)>}
  // CHECK: call @[[OPEN]](
  dlc.fill_halo %b : memref<?xi8> symbols(%n, %m) {tensor = tensor<2x4x?x?xf32, #halo>, dims = affine_map<()[s0, s1] -> (2, 4, s0, s0)>}
  // CHECK-NOT: call @[[OPEN]](
  dlc.fill_halo %b : memref<?xi8> symbols(%n, %m) {tensor = tensor<2x4x?x8xf32, #halo>, dims = affine_map<()[s0, s1] -> (2, 4, s0, 8)>}
  return
}

// Without a halo there is nothing to do.
// CHECK-LABEL: func.func @nothing
// CHECK-NOT: memset
func.func @nothing(%b: memref<?xi8>) {
  dlc.fill_halo %b : memref<?xi8> {tensor = tensor<2x4xf32>, dims = affine_map<() -> (2, 4)>}
  return
}

// CHECK: func.func private @[[CLEAR]](%{{.*}}: !llvm.ptr) attributes {passthrough = ["noinline"]}
// CHECK: scf.for
// CHECK: "llvm.intr.memset"
// CHECK: "llvm.intr.memset"
// CHECK: scf.for
// CHECK: "llvm.intr.memset"
// CHECK: "llvm.intr.memset"
// CHECK-NOT: scf.for
// CHECK: func.func private @[[OPEN]](%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
