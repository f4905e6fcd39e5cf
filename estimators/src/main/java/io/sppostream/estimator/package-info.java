/**
 * The interface between the join and advantage estimators: pure functions of a group, without Kafka, Avro or tensors.
 * The built-in estimators are in {@code builtin}.
 */
@NullMarked
package io.sppostream.estimator;

import org.jspecify.annotations.NullMarked;
