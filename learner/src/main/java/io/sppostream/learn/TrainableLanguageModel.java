package io.sppostream.learn;

import io.sppostream.model.LanguageModel;
import io.sppostream.model.Trainer;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** What policy and critic have in common: the weights of a language model, and a trainer that keeps the optimizer. */
abstract sealed class TrainableLanguageModel implements TrainableModel permits TrainablePolicy, TrainableCritic {
    private final LanguageModel model;
    private final Trainer trainer;

    /**
     * @param model closed by the caller, after this
     * @param trainer closed with this
     */
    TrainableLanguageModel(LanguageModel model, Trainer trainer) {
        this.model = model;
        this.trainer = trainer;
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
    public final void writeOptimizer(WritableByteChannel out) throws IOException {
        trainer.writeOptimizerState(out);
    }

    @Override
    public final void readOptimizer(ReadableByteChannel in) throws IOException {
        trainer.readOptimizerState(in);
    }

    @Override
    public void close() {
        trainer.close();
    }
}
