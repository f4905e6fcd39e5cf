package io.sppostream.model;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.jni.IValue;
import org.jspecify.annotations.Nullable;

/**
 * Adds up the gradients of micro-batches in a fixed order, in whatever order they arrive, because floating-point sums
 * depend on the order. Thread-safe.
 */
final class GradientSum {

    private final TorchProgram program;
    private final @Nullable NDList[] waiting;
    private @Nullable NDList total;
    private int next;

    GradientSum(TorchProgram program, int pieces) {
        this.program = program;
        this.waiting = new @Nullable NDList[pieces];
    }

    /** Adds the gradients of one micro-batch and takes ownership of them. */
    synchronized void add(int piece, NDList gradients) {
        waiting[piece] = gradients;
        while (next < waiting.length) {
            NDList addend = waiting[next];
            if (addend == null) {
                return;
            }
            waiting[next++] = null;
            if (total == null) {
                total = addend;
            } else {
                try (addend;
                        IValue sum = TorchProgram.list(total);
                        IValue argument = TorchProgram.list(addend)) {
                    program.run("add", sum, argument).close();
                }
            }
        }
    }

    /** The sum, once all have arrived. */
    synchronized NDList total() {
        if (total == null || next < waiting.length) {
            throw new IllegalStateException("Only " + next + " of " + waiting.length + " gradients have arrived");
        }
        return total;
    }
}
