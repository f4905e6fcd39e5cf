package io.sppostream.run.report;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.learn.StepMetric;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Prints the metrics of a step as a table, those of policy and critic side by side. */
public final class StepMetricsPrinter {
    private StepMetricsPrinter() {}

    /** Prints a row a metric, in the order of {@link StepMetric}; nothing without records. */
    public static void print(List<TrainingStep> records, PrintStream out) {
        Map<String, Map<String, Double>> byModel = new LinkedHashMap<>();
        records.forEach(record -> byModel.put(record.getLine(), record.getMetrics()));
        if (byModel.isEmpty()) {
            return;
        }
        out.println();
        out.println(String.format(Locale.ROOT, "%-34s%14s%14s  %s", "metric", "policy", "critic", "unit"));
        for (String name : inOrder(byModel)) {
            out.println(String.format(
                            Locale.ROOT,
                            "%-34s%14s%14s  %s",
                            TerminalText.printable(name),
                            number(byModel, ModelKind.POLICY, name),
                            number(byModel, ModelKind.CRITIC, name),
                            StepMetric.of(name).map(StepMetric::unit).orElse(""))
                    .stripTrailing());
        }
    }

    private static List<String> inOrder(Map<String, Map<String, Double>> byModel) {
        TreeSet<String> names = new TreeSet<>();
        byModel.values().forEach(metrics -> names.addAll(metrics.keySet()));
        List<String> order = new ArrayList<>();
        Arrays.stream(StepMetric.values())
                .forEach(metric -> names.stream()
                        .filter(name -> StepMetric.of(name).orElse(null) == metric)
                        .forEach(order::add));
        names.stream().filter(name -> StepMetric.of(name).isEmpty()).forEach(order::add);
        return order;
    }

    private static String number(Map<String, Map<String, Double>> byModel, ModelKind model, String name) {
        Double value = byModel.getOrDefault(model.id(), Map.of()).get(name);
        return value == null ? "" : text(value);
    }

    /** Six significant digits; whole numbers in full. */
    static String text(double value) {
        boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1e12;
        return String.format(Locale.ROOT, isWhole ? "%.0f" : "%.6g", value);
    }
}
