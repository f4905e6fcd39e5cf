/**
 * The seam of advantage estimators: what one is given, what it asks for, and what it answers. Pure functions of a
 * group, without Kafka, Avro or tensors. The built-in estimators are in {@code builtin}.
 */
@NullMarked
package io.sppostream.advantage.estimator;

import org.jspecify.annotations.NullMarked;
