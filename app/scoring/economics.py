"""Whether contacting a customer pays."""

from app.shapes.scores import Decision, Economics


def decide(churn_probability: float, economics: Economics) -> Decision:
    """Weigh what a contact brings against what it costs.

    A customer who would leave (probability p) takes the offer with probability `acceptance`, then stays, and is worth
    the customer's value less the offer. One who would have stayed (1 − p) takes the offer all the same. Everybody
    contacted costs the contact:

        profit = p · acceptance · (customer_value − offer_cost) − (1 − p) · offer_cost − contact_cost

    Source: Neslin, Gupta, Kamakura, Lu, Mason: Defection Detection, Journal of Marketing Research 43, 2006.

    Example:
        >>> example = Economics(customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3)
        >>> round(decide(0.1503, example).expected_profit, 4), round(decide(0.5, example).expected_profit, 4)
        (-0.9299, 22.5)
    """
    p = churn_probability
    won = p * economics.acceptance * (economics.customer_value - economics.offer_cost)
    profit = won - (1.0 - p) * economics.offer_cost - economics.contact_cost
    return Decision(contact=profit > 0.0, expected_profit=profit)
