@NullMarked
package io.sppostream.evaluation;

import org.jspecify.annotations.NullMarked;
