// The one table of stages: --stop-after, --dump and the README's "life of a model" come from it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"

#include "PassRooms.h"
#include "compiler/Compress.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace brisk;

static const Stage kStages[] = {
    {"shapes", "infer symbolic shapes, fold what is constant",
     [](OpPassManager &passes, const PipelineContext &context) {
       passes.addPass(createInferShapes());
       passes.addPass(createSimplifyShapes());
       passes.addPass(createFoldConstantsPass(context.evaluator, /*keepQuantized=*/true));
       // Folded contents (paddings, shapes) say more about types.
       passes.addPass(createInferShapes());
       passes.addPass(createSimplifyShapes());
       passes.addPass(createCSEPass());
     }},
    {"compress", "leave out branches, prune, quantize, as far as the model bears it",
     [](OpPassManager &passes, const PipelineContext &context) {
       if (!context.compress)
         return;
       if (context.compress->search) {
         passes.addPass(createSearchModelPass(*context.compress->search));
         return;
       }
       if (context.compress->skip)
         passes.addPass(createSkipModelPass(*context.compress->skip));
       if (context.compress->prune)
         passes.addPass(createPruneModelPass(*context.compress->prune));
       if (context.compress->quantize)
         passes.addPass(createQuantizeModelPass(*context.compress->quantize));
     }},
    {"stream", "make a step of a model over time, with states",
     [](OpPassManager &passes, const PipelineContext &context) {
       if (context.options.stream.empty())
         return;
       StreamModelOptions options;
       options.along = context.options.stream;
       options.step = context.options.stream_step;
       options.delay = context.options.stream_delay;
       passes.addPass(createStreamModel(options));
       passes.addPass(createInferShapes());
       passes.addPass(createSimplifyShapes());
       passes.addPass(createFoldConstantsPass(context.evaluator, /*keepQuantized=*/true));
       passes.addPass(createCSEPass());
     }},
    {"narrow", "compute on quantized tensors in integers",
     [](OpPassManager &passes, const PipelineContext &) {
       passes.addPass(createFormIntegers());
       passes.addPass(createCSEPass());
     }},
    {"layout", "put channels last where convolutions and windows are",
     [](OpPassManager &passes, const PipelineContext &context) {
       if (context.options.reference)
         return;
       passes.addPass(createPropagateLayout());
       passes.addPass(createSimplifyShapes());
       passes.addPass(createFoldConstantsPass(context.evaluator));
       passes.addPass(createCSEPass());
     }},
    {"lower", "decompose to linalg on tensors, fuse elementwise chains",
     [](OpPassManager &passes, const PipelineContext &context) {
       passes.addPass(createLowerOnnx());
       passes.addPass(createCanonicalizerPass());
       passes.addPass(createCSEPass());
       passes.addPass(createLinalgGeneralizeNamedOpsPass());
       if (!context.options.reference)
         passes.addPass(createFuseElementwise());
       passes.addPass(createCanonicalizerPass());
       passes.addPass(createCSEPass());
     }},
    {"target", "tile, pack, bufferize and plan memory for the machine",
     [](OpPassManager &passes, const PipelineContext &context) { context.target.addPasses(passes, context.options.reference); }},
};

ArrayRef<Stage> brisk::pipeline() { return kStages; }
