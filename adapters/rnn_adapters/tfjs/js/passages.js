'use strict';
// What a layer or a model goes through once it is made: files and configurations.

const { tf } = require('./tf.js');

/** A layer made of what is written of another. */
function anew(layer) {
  return layer.constructor.fromConfig(layer.constructor, JSON.parse(JSON.stringify(layer.getConfig())));
}

/** The model saved and loaded again; without a file system, by handlers in memory. */
async function throughFile(model) {
  let saved;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  }));
  const modelTopology = JSON.parse(JSON.stringify(saved.modelTopology));
  return tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology }));
}

/** `toJSON`, `tf.models.modelFromJSON`, and the weights. */
async function throughJSON(model) {
  const other = await tf.models.modelFromJSON(JSON.parse(model.toJSON()));
  other.setWeights(model.getWeights());
  return other;
}

module.exports = { anew, throughFile, throughJSON };
