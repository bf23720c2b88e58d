// SPDX-License-Identifier: Apache-2.0
// Parts of images at positions that tensors give: regions of interest, and single points.
#ifndef DLC_OPS_SAMPLING
#define DLC_OPS_SAMPLING

include "ir/DlcBase.td"

class Dlc_RegionOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_GraphOp<opMnemonic, traits # [DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let kernelKind = "Loops";
}

def Dlc_RoiAlignOp : Dlc_RegionOp<"roi_align", [AllElementTypesMatch<["x", "boxes"]>]> {
  let summary = "Regions of images, resampled to one size";
  let description = [{
    `[N, C, H, W], [R, 4], [R] -> [R, C, height, width]`. A region is a rectangle `x1, y1, x2, y2` of the image that its
    entry in `images` gives; coordinates are multiplied by `spatial_scale`, and with `half_pixel` moved by half a pixel,
    so that pixel 0 covers 0 to 1. Without it a region is at least one pixel wide and high.

    The region is divided into `height` x `width` bins, and a bin has `sampling_ratio` x `sampling_ratio` points; where
    that is 0, about one for each pixel that the bin covers. A point's value is interpolated between its four pixels;
    one that is more than a pixel outside the image is 0. The result is the mean of a bin's points or, with `maximum`, the
    largest product of a pixel and its weight.

    ```mlir
    %y = dlc.roi_align %x, %regions, %images {height = 7 : i64, width = 7 : i64, sampling_ratio = 2 : i64,
        spatial_scale = 2.500000e-01 : f64} : (tensor<?x256x50x68xf32>, tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x256x7x7xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$x, RankedTensorOf<[F32, F64]>:$boxes, RankedTensorOf<[I64]>:$images,
                       I64Attr:$height, I64Attr:$width, I64Attr:$sampling_ratio, F64Attr:$spatial_scale,
                       DefaultValuedAttr<BoolAttr, "false">:$half_pixel, DefaultValuedAttr<BoolAttr, "false">:$maximum);
  let assemblyFormat = [{$x `,` $boxes `,` $images attr-dict `:` `(` type($x) `,` type($boxes) `,` type($images) `)`
    `->` type($result)}];
}

def Dlc_RoiAlignGradientOp : Dlc_RegionOp<"roi_align_gradient", [AllElementTypesMatch<["gradient", "boxes", "x"]>]> {
  let summary = "The gradient of the mean of `dlc.roi_align` with respect to the images";
  let description = [{
    `gradient` is that of the result; of `x` only the extents count. Each image's regions are added in their order.

    ```mlir
    %dx = dlc.roi_align_gradient %dy, %regions, %images, %x {sampling_ratio = 2 : i64, spatial_scale = 2.500000e-01 : f64}
        : (tensor<?x256x7x7xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x256x50x68xf32>) -> tensor<?x256x50x68xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$gradient, RankedTensorOf<[F32, F64]>:$boxes,
                       RankedTensorOf<[I64]>:$images, RankedTensorOf<[F32, F64]>:$x, I64Attr:$sampling_ratio,
                       F64Attr:$spatial_scale, DefaultValuedAttr<BoolAttr, "false">:$half_pixel);
  let assemblyFormat = [{$gradient `,` $boxes `,` $images `,` $x attr-dict `:` `(` type($gradient) `,` type($boxes) `,`
    type($images) `,` type($x) `)` `->` type($result)}];
}

def Dlc_RoiAlignBoxesGradientOp : Dlc_RegionOp<"roi_align_boxes_gradient", [AllElementTypesMatch<["gradient", "boxes", "x"]>]> {
  let summary = "The gradient of the mean of `dlc.roi_align` with respect to the regions";
  let description = [{
    `[R, 4]`, with operands as of `dlc.roi_align_gradient`. The number of points of a bin is taken as a constant; so is
    the size of a region that is made one pixel wide or high.

    ```mlir
    %dr = dlc.roi_align_boxes_gradient %dy, %regions, %images, %x {sampling_ratio = 2 : i64, spatial_scale = 1.000000e+00 : f64}
        : (tensor<?x8x7x7xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x8x50x68xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$gradient, RankedTensorOf<[F32, F64]>:$boxes,
                       RankedTensorOf<[I64]>:$images, RankedTensorOf<[F32, F64]>:$x, I64Attr:$sampling_ratio,
                       F64Attr:$spatial_scale, DefaultValuedAttr<BoolAttr, "false">:$half_pixel);
  let assemblyFormat = [{$gradient `,` $boxes `,` $images `,` $x attr-dict `:` `(` type($gradient) `,` type($boxes) `,`
    type($images) `,` type($x) `)` `->` type($result)}];
}

def Dlc_MaxRoiPoolOp : Dlc_RegionOp<"max_roi_pool", [AllElementTypesMatch<["x", "boxes"]>]> {
  let summary = "The largest element of each part of regions of images";
  let description = [{
    `[N, C, H, W], [R, 5] -> [R, C, height, width]`. A region is `image, x1, y1, x2, y2`: coordinates are multiplied by
    `spatial_scale` and rounded to pixels, both ends included. It is divided into `height` x `width` parts that may
    overlap by a pixel; one that has no pixel of the image is 0.

    ```mlir
    %y = dlc.max_roi_pool %x, %regions {height = 2 : i64, width = 2 : i64, spatial_scale = 1.000000e+00 : f64}
        : (tensor<1x3x6x6xf32>, tensor<?x5xf32>) -> tensor<?x3x2x2xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$x, RankedTensorOf<[F32, F64]>:$boxes, I64Attr:$height, I64Attr:$width,
                       F64Attr:$spatial_scale);
  let assemblyFormat = "$x `,` $boxes attr-dict `:` `(` type($x) `,` type($boxes) `)` `->` type($result)";
}

def Dlc_MaxRoiPoolGradientOp : Dlc_RegionOp<"max_roi_pool_gradient", [AllElementTypesMatch<["gradient", "boxes", "x"]>]> {
  let summary = "The gradient of `dlc.max_roi_pool` with respect to the images";
  let description = [{
    The gradient of a part goes to its first largest element.

    ```mlir
    %dx = dlc.max_roi_pool_gradient %dy, %regions, %x {spatial_scale = 1.000000e+00 : f64}
        : (tensor<?x3x2x2xf32>, tensor<?x5xf32>, tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$gradient, RankedTensorOf<[F32, F64]>:$boxes,
                       RankedTensorOf<[F32, F64]>:$x, F64Attr:$spatial_scale);
  let assemblyFormat = [{$gradient `,` $boxes `,` $x attr-dict `:` `(` type($gradient) `,` type($boxes) `,` type($x) `)`
    `->` type($result)}];
}

def Dlc_SamplePixelsOp : Dlc_RegionOp<"sample_pixels", [AllElementTypesMatch<["x", "positions"]>]> {
  let summary = "Values of images between their pixels";
  let description = [{
    `[N, G, C, D1, ..., DS], [N, G, T, S, P] -> [N, G, C, T, P]`: for each of T x P points a position, of one coordinate
    per spatial dimension in pixels, at which all channels of a group are interpolated linearly between the 2^S pixels
    around it. Pixels outside the image are zeros. A pixel whose weight is 0 does not count, whatever its value; a
    position that is NaN gives 0.

    ```mlir
    %y = dlc.sample_pixels %x, %positions : (tensor<?x1x64x56x56xf32>, tensor<?x1x9x2x3136xf32>) -> tensor<?x1x64x9x3136xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$x, RankedTensorOf<[F32, F64]>:$positions);
  let assemblyFormat = "$x `,` $positions attr-dict `:` `(` type($x) `,` type($positions) `)` `->` type($result)";
}

def Dlc_SamplePixelsGradientOp : Dlc_RegionOp<"sample_pixels_gradient", [AllElementTypesMatch<["gradient", "positions", "x"]>]> {
  let summary = "The gradient of `dlc.sample_pixels` with respect to the images";
  let description = [{
    `gradient` is that of the result; of `x` only the extents count.

    ```mlir
    %dx = dlc.sample_pixels_gradient %dy, %positions, %x
        : (tensor<?x1x4x9x49xf32>, tensor<?x1x9x2x49xf32>, tensor<?x1x4x7x7xf32>) -> tensor<?x1x4x7x7xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$gradient, RankedTensorOf<[F32, F64]>:$positions,
                       RankedTensorOf<[F32, F64]>:$x);
  let assemblyFormat = [{$gradient `,` $positions `,` $x attr-dict `:` `(` type($gradient) `,` type($positions) `,`
    type($x) `)` `->` type($result)}];
}

def Dlc_SamplePositionsGradientOp : Dlc_RegionOp<"sample_positions_gradient", [AllElementTypesMatch<["gradient", "positions", "x"]>]> {
  let summary = "The gradient of `dlc.sample_pixels` with respect to the positions";
  let description = [{
    At a whole position it is that toward larger ones.

    ```mlir
    %dp = dlc.sample_positions_gradient %dy, %positions, %x
        : (tensor<?x1x4x9x49xf32>, tensor<?x1x9x2x49xf32>, tensor<?x1x4x7x7xf32>) -> tensor<?x1x9x2x49xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$gradient, RankedTensorOf<[F32, F64]>:$positions,
                       RankedTensorOf<[F32, F64]>:$x);
  let assemblyFormat = [{$gradient `,` $positions `,` $x attr-dict `:` `(` type($gradient) `,` type($positions) `,`
    type($x) `)` `->` type($result)}];
}

#endif // DLC_OPS_SAMPLING
