# SPDX-License-Identifier: Apache-2.0
"""Image models of torchvision, timm and segmentation_models_pytorch with random weights: classifiers, segmentation, detectors."""
from torch_export import pytorch

try:
    import timm
    import torch
    import torchvision
    from torch import nn
except ImportError:
    torch = None

if torch is not None:
    from torchvision.models import detection, segmentation

    class Field(nn.Module):
        def __init__(self, model, name):
            super().__init__()
            self.model, self.name = model, name

        def forward(self, x):
            return self.model(x)[self.name]

    class Detector(nn.Module):
        """Boxes, scores and labels of one image."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, image):
            result = self.model([image])[0]
            return result["boxes"], result["scores"], result["labels"]

    def spread(build, size=96):
        """Random weights whose activations neither vanish nor overflow: normalization layers get the statistics of a batch of noise."""

        def module():
            model = build()
            for layer in model.modules():
                if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                    layer.momentum = None
            model.train()
            with torch.no_grad():
                model(torch.randn(2, 3, size, size))
            return model

        return module

    image = lambda r, N, H, W: {"image": r.normal(N, 3, H, W)}
    fixed = lambda r, N: {"image": r.normal(N, 3, 224, 224)}
    small = lambda r, N: {"image": r.normal(N, 3, 64, 64)}
    one = lambda r, H, W: {"image": r.uniform(3, H, W)}
    both, traced, captured = ("traced", "captured"), ("traced",), ("captured",)
    models = torchvision.models

    def vision(name, build, feeds=image, exporters=traced, family="torchvision", normalized=True, **options):
        build = spread(build, 224 if feeds is fixed else 96) if normalized else build
        pytorch(name, build, feeds, family, exporters, **options)

    vision("resnet18", lambda: models.resnet18(), exporters=both)
    vision("resnet50", lambda: models.resnet50(), fixed)
    vision("mobilenet_v2", lambda: models.mobilenet_v2(), exporters=both)
    vision("mobilenet_v3_small", lambda: models.mobilenet_v3_small(), exporters=both)
    vision("efficientnet_b0", lambda: models.efficientnet_b0(), exporters=traced)
    vision("shufflenet", lambda: models.shufflenet_v2_x0_5(), exporters=both)
    vision("squeezenet", lambda: models.squeezenet1_1(), normalized=False)
    vision("densenet121", lambda: models.densenet121(), exporters=captured)
    vision("googlenet", lambda: models.googlenet(aux_logits=False, init_weights=False), exporters=traced)
    vision("regnet", lambda: models.regnet_y_400mf(), exporters=captured)
    vision("mnasnet", lambda: models.mnasnet0_5())
    vision("convnext_tiny", lambda: models.convnext_tiny(), exporters=traced, normalized=False)
    vision("swin_tiny", lambda: models.swin_t(), exporters=both, normalized=False)
    vision("vit_b_32", lambda: models.vit_b_32(), fixed, exporters=traced, normalized=False)
    vision("vgg11_bn", lambda: models.vgg11_bn(num_classes=10), fixed, normalized=False)
    vision("deeplab", lambda: segmentation.deeplabv3_mobilenet_v3_large(weights_backbone=None).eval(), normalized=False)
    vision("deeplab_out", lambda: Field(segmentation.deeplabv3_mobilenet_v3_large(weights_backbone=None), "out"), exporters=both)
    vision("lraspp", lambda: Field(segmentation.lraspp_mobilenet_v3_large(weights_backbone=None), "out"), exporters=both)
    vision("fcn", lambda: Field(segmentation.fcn_resnet50(weights_backbone=None, num_classes=5), "out"))
    vision("ssdlite", lambda: Detector(detection.ssdlite320_mobilenet_v3_large(weights_backbone=None)), one, family="detectors", normalized=False)
    boxes = {"weights_backbone": None, "min_size": 128, "max_size": 192}
    vision("faster_rcnn", lambda: Detector(detection.fasterrcnn_mobilenet_v3_large_320_fpn(**boxes)), one, family="detectors", normalized=False)
    vision("retinanet", lambda: Detector(detection.retinanet_resnet50_fpn(**boxes)), one, family="detectors", normalized=False)

    def timm_model(name, feeds=image, exporters=traced, normalized=True, **options):
        vision("timm_" + name, lambda: timm.create_model(name, pretrained=False, **options), feeds, exporters, "timm", normalized)

    timm_model("resnet10t", exporters=both)
    timm_model("efficientnet_lite0")
    timm_model("mobilenetv4_conv_small", exporters=both)
    timm_model("convnextv2_atto", exporters=both, normalized=False)
    timm_model("vit_tiny_patch16_224", small, both, False, img_size=64)
    timm_model("swin_s3_tiny_224", small, traced, False, img_size=64, window_size=4)
    timm_model("mobilevit_xxs", exporters=captured)
    timm_model("edgenext_xx_small", exporters=traced, normalized=False)
    timm_model("ghostnet_100")
    timm_model("mixer_s32_224", fixed, traced, False)
    timm_model("gmlp_ti16_224", fixed, captured, False)
    timm_model("regnetz_005")
    timm_model("repvgg_a0", exporters=captured)
    timm_model("lcnet_050")
    timm_model("poolformerv2_s12", normalized=False)
    timm_model("fastvit_t8", exporters=traced)
    timm_model("efficientformerv2_s0", fixed, traced)
    timm_model("coatnet_pico_rw_224", fixed, traced)
    timm_model("maxvit_rmlp_pico_rw_256", lambda r, N: {"image": r.normal(N, 3, 256, 256)}, traced, False)
    timm_model("levit_128s", fixed, traced)
    timm_model("tiny_vit_5m_224", fixed, captured)

    try:
        import segmentation_models_pytorch as smp
    except ImportError:
        smp = None
    if smp is not None:
        for name in ("Unet", "FPN", "Linknet", "PSPNet", "DeepLabV3Plus", "MAnet", "Segformer"):
            build = lambda name=name: getattr(smp, name)("timm-mobilenetv3_small_minimal_100" if name != "Segformer" else "mit_b0", encoder_weights=None)
            vision("smp_" + name.lower(), build, family="segmentation", exporters=both if name in ("Unet", "FPN") else traced)
