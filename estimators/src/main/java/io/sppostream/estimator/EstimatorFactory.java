package io.sppostream.estimator;

import java.util.List;
import java.util.function.Function;

/**
 * Creates an estimator from its settings.
 *
 * <p>{@link java.util.ServiceLoader} finds the factories of estimators that are not built in. Each is a public class
 * with a public constructor without parameters, listed in
 * {@code META-INF/services/io.sppostream.estimator.EstimatorFactory}.
 */
public interface EstimatorFactory {
    /** The name by which configurations choose the estimator. */
    String name();

    /** The settings of the estimator, in the order in which they are printed. */
    List<EstimatorSetting<?>> settings();

    /** The estimator with those settings. */
    AdvantageEstimator create(EstimatorSettings settings);

    /** A factory of an estimator that is built in. */
    static EstimatorFactory of(
            String name,
            List<EstimatorSetting<?>> settings,
            Function<EstimatorSettings, AdvantageEstimator> constructor) {
        return new EstimatorFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<EstimatorSetting<?>> settings() {
                return settings;
            }

            @Override
            public AdvantageEstimator create(EstimatorSettings values) {
                return constructor.apply(values);
            }
        };
    }
}
