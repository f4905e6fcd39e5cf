package io.sppostream.learn;

import io.sppostream.model.LanguageModel;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.Trainer;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Map;

/** What policy and critic have in common: the weights of a language model, and a trainer that keeps the optimizer. */
abstract sealed class TrainableLanguageModel implements TrainableModel permits TrainablePolicy, TrainableCritic {
    private final LanguageModel model;
    private final Trainer trainer;
    private final Precision published;

    /**
     * @param model closed by the caller, after this
     * @param trainer closed with this
     * @param published precision of the published weights
     */
    TrainableLanguageModel(LanguageModel model, Trainer trainer, Precision published) {
        this.model = model;
        this.trainer = trainer;
        this.published = published;
    }

    @Override
    public final String config() {
        return model.configJson();
    }

    @Override
    public final long parameters() {
        return model.parameters();
    }

    @Override
    public final void writeWeights(WritableByteChannel out) throws IOException {
        model.writeWeights(out);
    }

    @Override
    public final void readWeights(ReadableByteChannel in) throws IOException {
        model.readWeights(in);
    }

    @Override
    public final void writePublished(WritableByteChannel out) throws IOException {
        model.writeWeights(out, published);
    }

    @Override
    public final void readPublished(ReadableByteChannel in) throws IOException {
        model.readRoundedWeights(in);
    }

    @Override
    public final Map<String, byte[]> checkpointFiles() {
        return model.checkpointFiles(published);
    }

    @Override
    public final void writeOptimizer(WritableByteChannel out) throws IOException {
        switch (published) {
            case FLOAT32 -> trainer.writeOptimizerState(out);
            case BFLOAT16 -> trainer.writeOptimizerStateAndWeights(out);
        }
    }

    @Override
    public final void readOptimizer(ReadableByteChannel in) throws IOException {
        switch (published) {
            case FLOAT32 -> trainer.readOptimizerState(in);
            case BFLOAT16 -> trainer.readOptimizerStateAndWeights(in);
        }
    }

    @Override
    public void close() {
        trainer.close();
    }
}
