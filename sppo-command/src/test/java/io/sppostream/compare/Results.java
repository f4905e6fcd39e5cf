package io.sppostream.compare;

import io.sppostream.run.report.LearningCurve.Accuracy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Results of runs for tests. */
final class Results {
    private Results() {}

    /** A run that is evaluated every thousand rollouts. */
    static CellResult of(double rate, double secondsPerThousand, double... accuracies) {
        List<Accuracy> evaluations = new ArrayList<>();
        for (int i = 0; i < accuracies.length; i++) {
            evaluations.add(new Accuracy(10 * i, 1_000L * i, secondsPerThousand * i, accuracies[i]));
        }
        return new CellResult(
                Map.of("lag", "0"),
                evaluations,
                rate,
                0,
                Map.of("policy-learner", 3.0, "critic", 1.0),
                500_000_000L,
                0.25);
    }
}
