// Package grader holds the answer graders that published reward functions
// share, bug for bug: the string comparison of Hendrycks' MATH and the grader
// of OpenAI's PRM800K (prm800k/grading at 7ecc794), which deepscaler,
// Skywork-OR1, Dr. GRPO, verl's prime_math and others carry copies of. What
// the strings leave open it asks sympy's question of packages latextext and
// sympy.
package grader
