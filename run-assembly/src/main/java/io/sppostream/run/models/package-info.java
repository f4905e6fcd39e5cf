/** The start models of a run, and the pretraining of a start policy. */
@NullMarked
package io.sppostream.run.models;

import org.jspecify.annotations.NullMarked;
